//! Ready means: this very process answers on every one of its addresses.
//!
//! Pingora itself goes on running without a listener when it cannot bind.

mod pinned;
mod probe;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;

pub use probe::Target;

use crate::exit;
use crate::notify::notify;
use crate::state::State;

const STEP: Duration = Duration::from_millis(50);

pub struct Readiness {
    pub state: Arc<State>,
    pub targets: Vec<Target>,
    pub deadline: Instant,
}

#[async_trait]
impl BackgroundService for Readiness {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        tokio::select! {
            () = self.all_answer() => {}
            _ = shutdown.changed() => return,
        }
        self.state.set_started();
        log::info!("ready: {} addresses answer as pid {}", self.targets.len(), self.state.identity.pid());
        notify("READY=1");
    }
}

impl Readiness {
    async fn all_answer(&self) {
        let pid = self.state.identity.pid();
        for target in &self.targets {
            while let Err(why) = target.probe(pid).await {
                if Instant::now() >= self.deadline {
                    log::error!("not serving by the deadline: {}: {why}", target.addr);
                    std::process::exit(exit::NOT_SERVING);
                }
                tokio::time::sleep(STEP).await;
            }
        }
    }
}

/// Until this process is ready nobody depends on it, and a panic, such as a listener that
/// cannot be built, would leave it running without doing its work. Later ones stay isolated.
pub fn exit_on_early_panic(state: Arc<State>) {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        default(info);
        if !state.started() {
            std::process::exit(exit::NOT_SERVING);
        }
    }));
}
