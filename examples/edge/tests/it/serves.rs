use std::collections::HashSet;

use crate::client::{get, request};
use crate::edge::{free_ports, Edge};

#[test]
fn echoes_the_request_without_an_upstream() {
    let edge = Edge::new("  release: 9b7e01d");
    let process = edge.start();
    let reply = request(edge.http, "DELETE", "/a?b=1").unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("x-release"), Some("9b7e01d"));
    let body = reply.json();
    assert_eq!((body["method"].as_str(), body["path"].as_str()), (Some("DELETE"), Some("/a?b=1")));
    assert_eq!(body["headers"]["x-test"], "yes");
    assert_eq!(body["pid"], process.pid());
    assert_eq!(request(edge.http, "HEAD", "/").unwrap().body, "");
}

#[test]
fn every_port_says_which_release_and_process_answers() {
    let edge = Edge::new("");
    let process = edge.start();
    for port in [edge.http, edge.admin, edge.metrics] {
        let reply = get(port, "/livez").unwrap();
        assert_eq!((reply.status, reply.pid(), reply.header("x-release")), (200, process.pid(), Some("dev")));
    }
    for (port, path, status) in [
        (edge.http, "/healthz", 200),
        (edge.http, "/readyz", 200),
        (edge.admin, "/readyz", 200),
        (edge.admin, "/other", 404),
    ] {
        assert_eq!(get(port, path).unwrap().status, status, "{path}");
    }
}

#[test]
fn version_has_all_a_deployer_compares() {
    let edge = Edge::new("");
    let mut command = edge.command();
    command.env("PDEPLOY_RELEASE", "from-systemd");
    let process = crate::edge::Process::start(command, edge.dir.join("log"));
    assert_eq!(edge.notified(), "READY=1");
    let version = get(edge.admin, "/version").unwrap().json();
    let keys: HashSet<&str> = version.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, HashSet::from(["release", "version", "pid", "started_at", "upgraded", "config_sha256"]));
    assert_eq!(version["release"], "from-systemd");
    assert_eq!(version["pid"], process.pid());
    assert_eq!(version["upgraded"], false);

    let sum = std::process::Command::new("sha256sum").arg(edge.config()).output().unwrap().stdout;
    assert!(String::from_utf8(sum).unwrap().starts_with(version["config_sha256"].as_str().unwrap()));
}

#[test]
fn metrics_count_traffic_but_no_health_checks() {
    let edge = Edge::new("  release: r1");
    let _process = edge.start();
    for path in ["/", "/", "/readyz"] {
        get(edge.http, path).unwrap();
    }
    request(edge.http, "BREW", "/").unwrap();
    let text = get(edge.metrics, "/metrics").unwrap().body;
    for line in [
        "requests_total{method=\"GET\",status=\"200\"} 2",
        "requests_total{method=\"OTHER\",status=\"200\"} 1",
        "request_seconds_count 3",
        "inflight 0",
        "build_info{release=\"r1\",version=\"0.1.0\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in:\n{text}");
    }
    assert!(text.contains("process_resident_memory_bytes"));
}

#[test]
fn proxies_to_an_upstream_and_keeps_its_own_name() {
    let back = Edge::new("  release: back");
    let _back = back.start();
    let front = Edge::new(&format!("  release: front\n  upstream: localhost:{}", back.http));
    let process = front.start();
    let reply = get(front.http, "/x").unwrap();
    assert_eq!((reply.status, reply.header("x-release"), reply.pid()), (200, Some("front"), process.pid()));
    assert_eq!(reply.json()["release"], "back");
    assert_eq!(get(front.http, "/healthz").unwrap().pid(), process.pid());
}

#[test]
fn an_upstream_that_is_down_gives_502_with_the_name() {
    let [closed] = free_ports();
    for upstream in [format!("127.0.0.1:{closed}"), "no-such-host.invalid:80".into()] {
        let edge = Edge::new(&format!("  upstream: {upstream}"));
        let process = edge.start();
        let reply = get(edge.http, "/").unwrap();
        assert_eq!((reply.status, reply.pid()), (502, process.pid()), "{upstream}");
        assert_eq!(edge.ready(), 200);
    }
}

#[test]
fn the_rate_limit_spares_health_checks() {
    let edge = Edge::new("  rate: { per_second: 3 }");
    let _process = edge.start();
    // Two windows at most are touched, so 20 requests cannot all pass.
    let statuses: Vec<u16> = (0..20).map(|_| get(edge.http, "/").unwrap().status).collect();
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    assert_eq!(get(edge.http, "/readyz").unwrap().status, 200);
}
