use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::edge::Edge;

#[test]
fn a_taken_port_ends_the_process_at_the_deadline() {
    let edge = Edge::new("  ready: { deadline_seconds: 2 }");
    for port in [edge.http, edge.admin, edge.metrics] {
        let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let mut process = edge.spawn();
        assert_eq!(process.wait().code(), Some(70));
        let expected = format!("not serving by the deadline: 127.0.0.1:{port}");
        assert!(process.log().contains(&expected), "{}", process.log());
    }
}

#[test]
fn a_port_freed_in_time_is_taken_after_all() {
    let edge = Edge::new("");
    let taken = TcpListener::bind(("127.0.0.1", edge.http)).unwrap();
    let mut process = edge.spawn();
    std::thread::sleep(Duration::from_millis(500));
    assert!(process.running());
    drop(taken);
    assert_eq!(edge.notified(), "READY=1");
}

#[test]
fn another_edge_on_the_port_does_not_count_as_ready() {
    let one = Edge::new("  ready: { deadline_seconds: 2 }");
    let running = one.start();
    let mut second = one.spawn();
    assert_eq!(second.wait().code(), Some(70));
    assert!(second.log().contains(&format!("answered by pid {}", running.pid())), "{}", second.log());
}

#[test]
fn an_address_of_another_machine_ends_the_process_at_once() {
    let edge = Edge::new("");
    // From the range reserved for documentation.
    let text = std::fs::read_to_string(edge.config()).unwrap().replace("'127.0.0.1:", "'192.0.2.1:");
    std::fs::write(edge.config(), text).unwrap();
    let start = Instant::now();
    let mut process = edge.spawn();
    assert_eq!(process.wait().code(), Some(70));
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(process.log().contains("Failed to build listeners"), "{}", process.log());
}
