use std::fs;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use crate::client::get;
use crate::edge::{eventually, Edge, Process};

fn set(edge: &Edge, key: &str, seconds: u64) {
    let text = fs::read_to_string(edge.config()).unwrap().replace(&format!("{key}: 1"), &format!("{key}: {seconds}"));
    fs::write(edge.config(), text).unwrap();
}

fn stop(process: &mut Process, signal: &str) -> Duration {
    let start = Instant::now();
    process.signal(signal);
    assert_eq!(process.wait().code(), Some(0));
    start.elapsed()
}

#[test]
fn sigterm_takes_the_grace_period_and_tells_systemd() {
    let edge = Edge::new("");
    let mut process = edge.start();
    let took = stop(&mut process, "TERM");
    assert!((1000..3000).contains(&took.as_millis()), "{took:?}");
    assert_eq!(edge.notified(), "STOPPING=1");
}

#[test]
fn a_grace_period_of_zero_stops_at_once() {
    let edge = Edge::new("");
    set(&edge, "grace_period_seconds", 0);
    let took = stop(&mut edge.start(), "TERM");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[test]
fn sigint_skips_the_grace_period() {
    let edge = Edge::new("  drain: { delay_seconds: 30 }");
    let took = stop(&mut edge.start(), "INT");
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[test]
fn sigterm_during_the_start_delay_ends_it_cleanly() {
    let edge = Edge::new("  fault: { start_delay_ms: 60000 }");
    let mut process = edge.spawn();
    eventually("the signal handlers", || process.log().contains("Starting service").then_some(()));
    sleep(Duration::from_millis(200));
    assert!(stop(&mut process, "TERM") < Duration::from_secs(3));
}

#[test]
fn a_request_within_the_grace_period_is_finished() {
    let edge = Edge::new("  fault: { slow_path_ms: 1500 }");
    set(&edge, "grace_period_seconds", 3);
    let mut process = edge.start();
    let port = edge.http;
    let slow = spawn(move || get(port, "/slow"));
    sleep(Duration::from_millis(300));
    stop(&mut process, "TERM");
    assert_eq!(slow.join().unwrap().unwrap().status, 200);
}

#[test]
fn the_drain_delay_shows_503_while_requests_are_still_served() {
    let edge = Edge::new("  drain: { delay_seconds: 2 }");
    let mut process = edge.start();
    process.signal("TERM");
    assert_eq!(edge.notified(), "STOPPING=1");
    eventually("the 503", || (edge.ready() == 503).then_some(()));
    assert_eq!(get(edge.http, "/readyz").unwrap().json()["reason"], "draining");
    let reply = get(edge.http, "/").unwrap();
    assert_eq!((reply.status, reply.header("connection")), (200, Some("close")));
    assert_eq!(process.wait().code(), Some(0));
}

#[test]
fn a_second_sigterm_skips_the_drain_delay() {
    let edge = Edge::new("  drain: { delay_seconds: 60 }");
    let mut process = edge.start();
    process.signal("TERM");
    assert_eq!(edge.notified(), "STOPPING=1");
    let took = stop(&mut process, "TERM");
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn the_drain_file_turns_readiness_off_and_on_again() {
    let edge = Edge::new("");
    let file = edge.dir.join("drain");
    edge.configure(&format!("  drain: {{ file: {} }}", file.display()));
    let _process = edge.start();
    assert_eq!(edge.ready(), 200);
    fs::write(&file, "").unwrap();
    assert_eq!(edge.ready(), 503);
    assert_eq!(get(edge.http, "/").unwrap().status, 200);
    fs::remove_file(&file).unwrap();
    assert_eq!(edge.ready(), 200);
}
