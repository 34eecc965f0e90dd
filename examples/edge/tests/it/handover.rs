use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::spawn;
use std::time::Duration;

use crate::client::get;
use crate::edge::{eventually, Edge, Process};

#[test]
fn the_sockets_pass_to_a_new_process_without_a_failed_request() {
    let edge = Edge::new("  release: old");
    let mut old = edge.start();
    let over = Arc::new(AtomicBool::new(false));
    let (port, done) = (edge.http, over.clone());
    let load = spawn(move || {
        let (mut answered, mut failed) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            let ok = get(port, "/").is_ok_and(|reply| reply.status == 200);
            *(if ok { &mut answered } else { &mut failed }) += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        (answered, failed)
    });

    edge.configure("  release: new");
    let mut command = edge.command();
    command.arg("-u");
    let new = Process::start(command, edge.dir.join("log-new"));
    eventually("the upgrade socket", || edge.dir.join("upgrade.sock").exists().then_some(()));
    old.signal("QUIT");
    assert_eq!(edge.notified(), "READY=1");
    assert_eq!(old.wait().code(), Some(0));
    over.store(true, Ordering::Relaxed);

    let version = get(edge.admin, "/version").unwrap().json();
    assert_eq!((version["pid"].as_u64(), version["release"].as_str()), (Some(new.pid().into()), Some("new")));
    assert_eq!(version["upgraded"], true);
    let (answered, failed) = load.join().unwrap();
    assert!(answered > 100);
    assert_eq!(failed, 0, "of {answered}");
}

#[test]
fn an_upgrade_without_an_old_process_gives_up() {
    let edge = Edge::new("");
    let mut command = edge.command();
    command.arg("-u");
    let mut process = Process::start(command, edge.dir.join("log"));
    assert_eq!(process.wait().code(), Some(1));
}
