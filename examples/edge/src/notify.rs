use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Tells systemd, if it asked to be told. A failure is logged: the start timeout of the unit will tell.
pub fn notify(message: &str) {
    let Ok(target) = std::env::var("NOTIFY_SOCKET") else { return };
    if let Err(err) = send(&target, message) {
        log::error!("NOTIFY_SOCKET {target}: {err}");
    }
}

fn send(target: &str, message: &str) -> io::Result<()> {
    let addr = match target.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(target)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &addr)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_a_path_and_an_abstract_name() {
        let unique = format!("edge-notify-{}", std::process::id());
        let path = std::env::temp_dir().join(&unique);
        let abstract_addr = SocketAddr::from_abstract_name(&unique).unwrap();
        let sockets = [
            (path.to_str().unwrap().to_owned(), UnixDatagram::bind(&path).unwrap()),
            (format!("@{unique}"), UnixDatagram::bind_addr(&abstract_addr).unwrap()),
        ];
        for (target, socket) in sockets {
            send(&target, "READY=1").unwrap();
            let mut buffer = [0; 16];
            let size = socket.recv(&mut buffer).unwrap();
            assert_eq!(&buffer[..size], b"READY=1");
        }
        std::fs::remove_file(path).unwrap();
    }
}
