use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;
use std::time::Duration;

use crate::edge::{free_ports, Edge};

const ASK: &str = "GET /chat HTTP/1.1\r\nhost: edge.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n";

/// Agrees before it was asked, which is as quick as an upstream can be, and repeats what comes after the request.
fn quick_upstream() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            spawn(move || {
                stream.write_all(SWITCH.as_bytes())?;
                head(&mut stream)?;
                io::copy(&mut stream.try_clone()?, &mut stream)
            });
        }
    });
    port
}

/// Up to the empty line, one byte at a time: what follows is not HTTP.
fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        text.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn open(port: u16) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(ASK.as_bytes()).unwrap();
    let head = head(&mut stream).unwrap();
    (stream, head)
}

fn echoes(stream: &mut TcpStream) -> bool {
    let mut back = [0; 5];
    stream.write_all(b"hello").is_ok() && stream.read_exact(&mut back).is_ok() && &back == b"hello"
}

#[test]
fn an_upgraded_connection_stays_open_however_quick_the_upstream_is() {
    let edge = Edge::new(&format!("  release: r1\n  upstream: 127.0.0.1:{}", quick_upstream()));
    let _process = edge.start();
    for n in 0..100 {
        let (mut stream, head) = open(edge.http);
        assert!(head.starts_with("HTTP/1.1 101") && head.contains("x-release: r1"), "{head}");
        assert!(echoes(&mut stream), "opening {n} was closed at once");
    }
}

#[test]
fn an_upgraded_connection_lives_to_the_end_of_the_grace_period() {
    let edge = Edge::new(&format!("  upstream: 127.0.0.1:{}", quick_upstream()));
    let mut process = edge.start();
    let (mut stream, _) = open(edge.http);
    process.signal("TERM");
    assert_eq!(edge.notified(), "STOPPING=1");
    assert!(echoes(&mut stream));
    assert_eq!(stream.read(&mut [0; 1]).unwrap_or(0), 0);
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn an_upgrade_without_an_upstream_gives_502() {
    let [closed] = free_ports();
    let edge = Edge::new(&format!("  upstream: 127.0.0.1:{closed}"));
    let _process = edge.start();
    assert!(open(edge.http).1.starts_with("HTTP/1.1 502"));
}
