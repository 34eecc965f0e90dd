//! Connections for WebSockets and other upgrades.
//!
//! Pingora 0.9.1 closes an upgraded connection at once when it reads the 101 of a quick upstream before it has passed on the end of
//! the empty request (<https://github.com/cloudflare/pingora/issues/946>). Here the first read of an answer waits for one turn of the
//! task, in which that end gets its due.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::connectors::L4Connect;
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_core::protocols::l4::stream::Stream;
use pingora_core::protocols::l4::virt::{VirtualSockOpt, VirtualSocket, VirtualSocketStream};
use pingora_core::{ErrorType, OkOrErr, OrErr, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

#[derive(Debug)]
pub struct UpgradeConnect(pub Duration);

#[async_trait]
impl L4Connect for UpgradeConnect {
    async fn connect(&self, addr: &SocketAddr) -> Result<Stream> {
        let why = || format!("upstream {addr}");
        let addr = addr.as_inet().or_err_with(ErrorType::ConnectError, why)?;
        let stream = tokio::time::timeout(self.0, TcpStream::connect(addr));
        let stream = stream.await.or_err_with(ErrorType::ConnectTimedout, why)?;
        let stream = stream.or_err_with(ErrorType::ConnectError, why)?;
        Ok(VirtualSocketStream::new(Box::new(PatientStream { stream, waited: false })).into())
    }
}

#[derive(Debug)]
struct PatientStream {
    stream: TcpStream,
    waited: bool,
}

impl VirtualSocket for PatientStream {
    /// Keepalive is not asked for.
    fn set_socket_option(&self, option: VirtualSockOpt) -> io::Result<()> {
        match option {
            VirtualSockOpt::NoDelay => self.stream.set_nodelay(true),
            _ => Ok(()),
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.waited {
            self.waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
