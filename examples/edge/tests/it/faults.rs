use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::client::get;
use crate::edge::{eventually, Edge};

fn bound(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn start_delay_holds_back_every_listener() {
    let edge = Edge::new("  fault: { start_delay_ms: 1000 }");
    let start = Instant::now();
    let _process = edge.spawn();
    sleep(Duration::from_millis(500));
    assert!(!bound(edge.http) && !bound(edge.admin) && !bound(edge.metrics));
    assert_eq!(edge.notified(), "READY=1");
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(edge.ready(), 200);
}

#[test]
fn a_start_delay_beyond_the_deadline_ends_the_process() {
    let edge = Edge::new("  fault: { start_delay_ms: 60000 }\n  ready: { deadline_seconds: 1 }");
    assert_eq!(edge.spawn().wait().code(), Some(70));
}

#[test]
fn never_bind_runs_without_a_listener_and_tells_systemd_it_is_ready() {
    let edge = Edge::new("  fault: { never_bind: true }\n  ready: { deadline_seconds: 1 }");
    let mut process = edge.start();
    sleep(Duration::from_millis(1500));
    assert!(process.running());
    assert!(!bound(edge.http) && !bound(edge.admin) && !bound(edge.metrics));
    process.signal("TERM");
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn never_ready_serves_but_answers_503_to_the_gate() {
    let edge = Edge::new("  fault: { never_ready: true }\n  ready: { deadline_seconds: 1 }");
    let mut process = edge.start();
    sleep(Duration::from_millis(1500));
    assert!(process.running());
    let reply = get(edge.http, "/readyz").unwrap();
    assert_eq!((reply.status, reply.json()["reason"].as_str()), (503, Some("fault.never_ready")));
    assert_eq!(edge.ready(), 503);
    assert_eq!(get(edge.http, "/healthz").unwrap().status, 200);
    assert_eq!(get(edge.http, "/").unwrap().status, 200);
}

#[test]
fn exit_after_ends_a_ready_process_with_1() {
    let edge = Edge::new("  fault: { exit_after_ms: 1000 }");
    let start = Instant::now();
    let mut process = edge.start();
    assert_eq!(edge.ready(), 200);
    assert_eq!(process.wait().code(), Some(1));
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn crash_on_path_takes_the_process_down_with_that_request() {
    let edge = Edge::new("  fault: { crash_on_path: /boom }");
    let mut process = edge.start();
    assert_eq!(get(edge.http, "/boom/not").unwrap().status, 200);
    assert!(get(edge.http, "/boom").is_err());
    assert_eq!(process.wait().code(), Some(101));
}

#[test]
fn a_health_path_can_be_the_one_that_crashes() {
    let edge = Edge::new("  fault: { crash_on_path: /readyz }");
    let mut process = edge.start();
    assert_eq!(edge.ready(), 200, "the admin port is not affected");
    assert!(get(edge.http, "/readyz").is_err());
    assert_eq!(process.wait().code(), Some(101));
}

#[test]
fn error_ratio_fails_traffic_but_not_health() {
    let edge = Edge::new("  fault: { error_ratio: 0.25 }");
    let _process = edge.start();
    let errors = (0..20).filter(|_| get(edge.http, "/").unwrap().status == 500).count();
    assert_eq!(errors, 5);
    assert!((0..8).all(|_| get(edge.http, "/healthz").unwrap().status == 200));
    let metrics = get(edge.metrics, "/metrics").unwrap().body;
    assert!(metrics.contains("requests_total{method=\"GET\",status=\"500\"} 5\n"), "{metrics}");
}

#[test]
fn slow_path_is_slow_and_counted_as_in_flight() {
    let edge = Edge::new("  fault: { slow_path: /wait, slow_path_ms: 800 }");
    let _process = edge.start();
    let port = edge.http;
    let slow = std::thread::spawn(move || (Instant::now(), get(port, "/wait").unwrap()));
    eventually("a request in flight", || get(edge.metrics, "/").unwrap().body.contains("\ninflight 1\n").then_some(()));
    let quick = Instant::now();
    assert_eq!(get(edge.http, "/").unwrap().status, 200);
    assert!(quick.elapsed() < Duration::from_millis(400));
    let (start, reply) = slow.join().unwrap();
    assert!(reply.status == 200 && start.elapsed() >= Duration::from_millis(800));
}
