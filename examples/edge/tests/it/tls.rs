use std::fs;
use std::net::TcpStream;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::client::{exchange, get};
use crate::edge::{free_ports, Edge, Process};
use crate::pair::{listen, Pair};

struct Tls {
    edge: Edge,
    process: Process,
    https: u16,
    client: ClientConfig,
}

fn start() -> Tls {
    let edge = Edge::new("");
    let pair = Pair::create(&edge.dir, "tls");
    let [https] = free_ports();
    let listen = listen(edge.http, https, &pair.cert, &pair.key);
    let (admin, metrics) = (edge.admin, edge.metrics);
    let rest = format!("  admin: {{ addr: '127.0.0.1:{admin}' }}\n  metrics: {{ addr: '127.0.0.1:{metrics}' }}\n");
    fs::write(edge.config(), listen + &rest).unwrap();
    let process = edge.start();
    Tls { edge, process, https, client: trusting(pair) }
}

fn trusting(pair: Pair) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(pair.der).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

#[test]
fn serves_https_and_is_ready_only_then() {
    let Tls { edge, process, https, client } = start();
    assert!(process.log().contains("ready: 4 addresses"), "{}", process.log());
    let connection = ClientConnection::new(Arc::new(client), "edge.test".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", https)).unwrap());
    let reply = exchange(&mut stream, "GET", "/secure").unwrap();
    assert_eq!((reply.status, reply.pid()), (200, process.pid()));
    assert_eq!(get(edge.http, "/").unwrap().status, 200);
}

#[test]
fn http2_answers_uploads_and_head_requests() {
    let Tls { edge: _edge, process: _process, https, mut client } = start();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(("127.0.0.1", https)).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
        let stream = connector.connect("edge.test".try_into().unwrap(), stream).await.unwrap();
        let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        for (method, path, upload) in
            [(Method::POST, "/a", 20_000), (Method::HEAD, "/b", 0), (Method::GET, "/healthz", 0)]
        {
            let request = Request::builder().method(&method).uri(format!("https://edge.test{path}")).body(()).unwrap();
            let (response, mut body) = client.send_request(request, upload == 0).unwrap();
            if upload > 0 {
                body.send_data(Bytes::from(vec![0; upload]), true).unwrap();
            }
            let response = response.await.unwrap();
            assert_eq!(response.status(), 200, "{method} {path}");
            let mut answer = response.into_body();
            while let Some(chunk) = answer.data().await {
                let size = chunk.unwrap_or_else(|err| panic!("{method} {path}: {err}")).len();
                answer.flow_control().release_capacity(size).unwrap();
            }
        }
    });
}
