use std::collections::HashMap;
use std::net::SocketAddr;

use pingora_core::server::configuration::ServerConf;

use super::app::AppConf;
use crate::release;

/// What the types cannot say. Returns every problem, not only the first.
pub fn check(server: &ServerConf, app: &AppConf) -> Vec<String> {
    let mut problems = Vec::new();
    server_rules(server, &mut problems);
    address_rules(app, &mut problems);
    value_rules(app, &mut problems);
    problems
}

fn server_rules(server: &ServerConf, problems: &mut Vec<String>) {
    for (key, value) in [("threads", server.threads), ("listener_tasks_per_fd", server.listener_tasks_per_fd)] {
        if value == 0 {
            problems.push(format!("{key}: must be at least 1"));
        }
    }
}

fn address_rules(app: &AppConf, problems: &mut Vec<String>) {
    if app.listen.http.is_none() && app.listen.https.is_none() {
        problems.push("app.listen: neither http nor https is set".into());
    }
    let mut ports: HashMap<u16, (&str, SocketAddr)> = HashMap::new();
    for (key, text) in app.addresses() {
        let addr: SocketAddr = match text.parse() {
            Ok(addr) => addr,
            Err(_) => {
                problems.push(format!("{key}: {text:?} is not IP:PORT"));
                continue;
            }
        };
        if addr.port() == 0 {
            problems.push(format!("{key}: port 0 cannot be probed"));
        } else if let Some((other, taken)) = ports.insert(addr.port(), (key, addr)) {
            let overlap = addr.ip() == taken.ip() || addr.ip().is_unspecified() || taken.ip().is_unspecified();
            if overlap {
                problems.push(format!("{key}: {addr} overlaps with {other} {taken}"));
            }
        }
    }
}

fn value_rules(app: &AppConf, problems: &mut Vec<String>) {
    if let Some(upstream) = &app.upstream {
        let port = upstream.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse());
        if !matches!(port, Some(Ok(1u16..))) {
            problems.push(format!("app.upstream: {upstream:?} is not HOST:PORT"));
        }
    }
    if app.rate.as_ref().is_some_and(|rate| rate.per_second == 0) {
        problems.push("app.rate.per_second: must be at least 1".into());
    }
    if app.ready.deadline_seconds == 0 {
        problems.push("app.ready.deadline_seconds: must be at least 1".into());
    }
    if app.drain.file.as_ref().is_some_and(|file| !file.is_absolute()) {
        problems.push("app.drain.file: must be an absolute path".into());
    }
    if let Some(Err(why)) = app.release.as_deref().map(release::check) {
        problems.push(format!("app.release: {why}"));
    }
    if !(0.0..=1.0).contains(&app.fault.error_ratio) {
        problems.push(format!("app.fault.error_ratio: {} is not between 0 and 1", app.fault.error_ratio));
    }
    let paths = [("crash_on_path", &app.fault.crash_on_path), ("slow_path", &app.fault.slow_path)];
    for (key, path) in paths {
        if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            problems.push(format!("app.fault.{key}: must start with /"));
        }
    }
}
