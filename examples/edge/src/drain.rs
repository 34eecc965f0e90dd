use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{signal, Signal, SignalKind};

use crate::notify::notify;
use crate::state::State;

/// Pingora closes its listeners at once on SIGTERM. This first answers 503 on `/readyz` for a
/// while, so that load balancers look away before connections are refused.
pub struct DrainSignal {
    pub state: Arc<State>,
    pub delay: Duration,
}

#[async_trait]
impl ShutdownSignalWatch for DrainSignal {
    async fn recv(&self) -> ShutdownSignal {
        let (mut term, mut quit, mut int) =
            (listen(SignalKind::terminate()), listen(SignalKind::quit()), listen(SignalKind::interrupt()));
        tokio::select! {
            _ = quit.recv() => return ShutdownSignal::GracefulUpgrade,
            _ = int.recv() => return ShutdownSignal::FastShutdown,
            _ = term.recv() => {}
        }
        notify("STOPPING=1");
        self.state.set_draining();
        log::info!("draining for {:?}; a second SIGTERM skips the wait", self.delay);
        tokio::select! {
            _ = tokio::time::sleep(self.delay) => ShutdownSignal::GracefulTerminate,
            _ = term.recv() => ShutdownSignal::GracefulTerminate,
            _ = int.recv() => ShutdownSignal::FastShutdown,
        }
    }
}

fn listen(kind: SignalKind) -> Signal {
    signal(kind).expect("a handler can be installed")
}
