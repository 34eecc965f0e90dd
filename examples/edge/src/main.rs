//! `edge`: a Pingora proxy made to be deployed, and to fail on request.

mod cert;
mod config;
mod drain;
mod exit;
mod identity;
mod notify;
mod proxy;
mod ready;
mod release;
mod serve;
mod services;
mod state;
mod timers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::server::configuration::Opt;
use pingora_core::server::{RunArgs, Server};

use config::Config;
use drain::DrainSignal;
use identity::Identity;
use services::Plan;
use state::State;

fn main() {
    let started = Instant::now();
    let mut opt = Opt::parse_args();
    let default_level = if opt.test { "warn" } else { "info" };
    env_logger::Builder::from_env(env_logger::Env::default().default_filter_or(default_level)).init();
    // Taken out: Pingora would read the file a second time, or warn that it did not.
    let Some(path) = opt.conf.take() else {
        eprintln!("edge: name the configuration: edge -c FILE");
        std::process::exit(exit::USAGE);
    };
    if let Err(problems) = run(opt, &path, started) {
        for problem in problems {
            eprintln!("edge: {path}: {problem}");
        }
        std::process::exit(exit::CONFIG);
    }
}

/// All checks come before `bootstrap`, where `-t` exits with 0 and `-u` takes the sockets over.
fn run(opt: Opt, path: &str, started: Instant) -> Result<(), Vec<String>> {
    let Config { server: conf, app, sha256 } = config::load(path)?;
    let release = release::resolve(app.release.as_deref()).map_err(|why| vec![why])?;
    let pair = app.listen.https.as_ref().map(cert::load).transpose().map_err(|why| vec![why])?;

    let identity = Identity::new(release, opt.upgrade, sha256);
    let state = Arc::new(State::new(identity, app.drain.file.clone(), app.fault.never_ready));
    let delay = Duration::from_secs(app.drain.delay_seconds);
    let mut server = Server::new_with_opt_and_conf(opt, conf);
    let plan = Plan::new(state.clone(), app, pair, started);

    server.bootstrap();
    ready::exit_on_early_panic(state.clone());
    serve::metrics::init(&state.identity);
    plan.add_to(&mut server);
    server.run(RunArgs { shutdown_signal: Box::new(DrainSignal { state, delay }) });
    Ok(())
}
