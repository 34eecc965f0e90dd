use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// One request on one connection: what is kept alive can hide a restart.
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    pub fn pid(&self) -> u32 {
        self.header("x-pid").expect("x-pid is there").parse().unwrap()
    }
}

pub fn get(port: u16, path: &str) -> io::Result<Reply> {
    request(port, "GET", path)
}

pub fn request(port: u16, method: &str, path: &str) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    exchange(&mut stream, method, path)
}

pub fn exchange(stream: &mut (impl Read + Write), method: &str, path: &str) -> io::Result<Reply> {
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: edge.test\r\nx-test: yes\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
}
