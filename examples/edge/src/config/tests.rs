use super::*;

fn problems(text: &str) -> String {
    parse(text).expect_err("the file should be refused").join("\n")
}

#[test]
fn an_empty_app_gets_every_default() {
    for text in ["version: 1", "app:", "app: {}"] {
        let config = parse(text).unwrap();
        let addresses: Vec<_> = config.app.addresses().into_iter().map(|(_, addr)| addr).collect();
        assert_eq!(addresses, ["0.0.0.0:8080", "127.0.0.1:8081", "127.0.0.1:8082"]);
        assert_eq!(config.server.grace_period_seconds, Some(1));
        assert_eq!(config.app.ready.deadline_seconds, 20);
    }
}

#[test]
fn the_sample_file_is_accepted() {
    let config = parse(include_str!("../../config/edge.yaml")).unwrap();
    assert_eq!(config.server.graceful_shutdown_timeout_seconds, Some(1));
    assert_eq!(config.app.drain.delay_seconds, 0);
}

#[test]
fn every_fault_is_read() {
    let text = "app: { fault: { start_delay_ms: 1, never_bind: true, never_ready: true, exit_after_ms: 2,
        crash_on_path: /c, error_ratio: 0.5, slow_path: /s, slow_path_ms: 3 } }";
    let fault = parse(text).unwrap().app.fault;
    assert!(fault.never_bind && fault.never_ready);
    assert_eq!((fault.start_delay_ms, fault.exit_after_ms, fault.slow_path_ms), (1, Some(2), 3));
    assert_eq!((fault.crash_on_path.as_deref(), fault.slow_path()), (Some("/c"), "/s"));
    assert_eq!(fault.error_ratio, 0.5);
}

#[test]
fn unknown_keys_are_refused_at_every_level() {
    assert!(problems("app: { listn: {} }").contains("unknown field `listn`"));
    assert!(problems("app:\n  fault:\n    never_redy: true").contains("line 3"));
    assert_eq!(problems("grace_period_second: 1"), "grace_period_second: unknown key");
    assert_eq!(problems("server: { threads: 2 }"), "server: unknown key");
}

#[test]
fn wrong_types_and_broken_yaml_are_refused() {
    assert!(problems("app: { ready: { deadline_seconds: soon } }").contains("deadline_seconds"));
    assert!(problems("threads: many").contains("threads"));
    assert!(!problems("app: [").is_empty());
    assert!(problems("app: {}\napp: {}").contains("duplicate"));
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = "threads: 0
app:
  listen: { http: localhost:80 }
  admin: { addr: '127.0.0.1:0' }
  upstream: nowhere
  rate: { per_second: 0 }
  ready: { deadline_seconds: 0 }
  drain: { file: here }
  release: 'a b'
  fault: { error_ratio: 1.5, crash_on_path: x }";
    let found = problems(text);
    let keys = [
        "threads",
        "listen.http",
        "admin.addr",
        "upstream",
        "rate",
        "ready",
        "drain.file",
        "release",
        "error_ratio",
        "crash_on_path",
    ];
    for key in keys {
        assert!(found.contains(key), "{key} is missing in:\n{found}");
    }
    assert_eq!(found.lines().count(), keys.len());
}

#[test]
fn addresses_must_not_overlap() {
    let overlap = "app: { listen: { http: '0.0.0.0:9000' }, admin: { addr: '127.0.0.1:9000' } }";
    assert!(problems(overlap).contains("overlaps with app.listen.http 0.0.0.0:9000"));
    let apart = "app: { listen: { http: '127.0.0.2:9000' }, admin: { addr: '127.0.0.1:9000' } }";
    assert!(parse(apart).is_ok());
}

#[test]
fn the_hash_is_that_of_the_file() {
    let config = parse("version: 1\n").unwrap();
    assert_eq!(config.sha256.len(), 64);
    assert_ne!(config.sha256, parse("version: 1").unwrap().sha256);
}
