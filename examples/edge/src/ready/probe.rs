use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::pinned;
use crate::identity::X_PID;

const TIMEOUT: Duration = Duration::from_secs(1);
const REQUEST: &[u8] = b"GET /livez HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n\r\n";
const MAX_HEADER: u64 = 16 * 1024;

/// One of our own addresses, as a client sees it.
pub struct Target {
    pub addr: SocketAddr,
    tls: Option<TlsConnector>,
}

impl Target {
    pub fn new(listen: SocketAddr, pair: Option<&Arc<CertifiedKey>>) -> Self {
        Self { addr: reachable(listen), tls: pair.map(|pair| pinned::connector(pair)) }
    }

    /// The listen queue may be shared with an older process: only our own pid counts.
    pub async fn probe(&self, pid: u32) -> Result<(), String> {
        let answer = tokio::time::timeout(TIMEOUT, self.ask()).await;
        let header = answer.map_err(|_| "no answer".to_owned())?.map_err(|err| err.to_string())?;
        match pid_in(&header) {
            Some(found) if found == pid => Ok(()),
            Some(other) => Err(format!("answered by pid {other}")),
            None => Err("answered by something else".into()),
        }
    }

    async fn ask(&self) -> std::io::Result<String> {
        let stream = TcpStream::connect(self.addr).await?;
        match &self.tls {
            None => exchange(stream).await,
            Some(tls) => exchange(tls.connect(ServerName::from(self.addr.ip()), stream).await?).await,
        }
    }
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    let mut limited = stream.take(MAX_HEADER);
    while !answer.windows(4).any(|end| end == b"\r\n\r\n") {
        if limited.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn pid_in(header: &str) -> Option<u32> {
    let fields = header.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'));
    let mut pids = fields.filter(|(name, _)| name.eq_ignore_ascii_case(X_PID.as_str()));
    pids.next()?.1.trim().parse().ok()
}

/// A wildcard address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_is_read_from_the_header_only() {
        assert_eq!(pid_in("HTTP/1.1 200 OK\r\nX-Pid: 42\r\n\r\n"), Some(42));
        assert_eq!(pid_in("HTTP/1.1 200 OK\r\n\r\nx-pid: 42\r\n"), None);
        assert_eq!(pid_in("SSH-2.0-OpenSSH\r\n"), None);
    }

    #[test]
    fn wildcards_become_loopback() {
        for (listen, ask) in [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:80", "10.0.0.1:80")] {
            assert_eq!(reachable(listen.parse().unwrap()), ask.parse().unwrap());
        }
    }
}
