//! Faults that are a matter of time.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use pingora_core::services::ServiceReadyNotifier;

use crate::exit;

/// `fault.start_delay_ms`: the listeners depend on this service, so they bind only after it.
pub struct StartDelay(pub Duration);

#[async_trait]
impl BackgroundService for StartDelay {
    async fn start_with_ready_notifier(&self, _shutdown: ShutdownWatch, ready: ServiceReadyNotifier) {
        tokio::time::sleep(self.0).await;
        ready.notify_ready();
    }
}

/// `fault.exit_after_ms`.
pub struct ExitAt(pub Instant);

#[async_trait]
impl BackgroundService for ExitAt {
    async fn start(&self, _shutdown: ShutdownWatch) {
        tokio::time::sleep_until(self.0.into()).await;
        log::error!("fault.exit_after_ms: exiting");
        std::process::exit(exit::FAULT);
    }
}
