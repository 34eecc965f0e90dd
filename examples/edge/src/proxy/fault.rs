use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::config::Fault;
use crate::exit;

pub struct Faults {
    conf: Fault,
    seen: AtomicU64,
}

impl Faults {
    pub fn new(conf: Fault) -> Self {
        Self { conf, seen: AtomicU64::new(0) }
    }

    /// Crashes or waits, if this is the path for it; a health path can be one.
    pub async fn on_path(&self, path: &str) {
        if self.conf.crash_on_path.as_deref() == Some(path) {
            log::error!("fault.crash_on_path: {path}");
            std::process::exit(exit::CRASH);
        }
        if self.conf.slow_path_ms > 0 && self.conf.slow_path() == path {
            tokio::time::sleep(Duration::from_millis(self.conf.slow_path_ms)).await;
        }
    }

    /// Whether the next request is one of those that fail.
    pub fn error(&self) -> bool {
        fails(self.seen.fetch_add(1, Ordering::Relaxed), self.conf.error_ratio)
    }
}

/// Spreads the errors evenly, so that a count of requests always gives the same count of errors.
fn fails(nth: u64, ratio: f64) -> bool {
    let errors_after = |requests: u64| (requests as f64 * ratio).floor();
    errors_after(nth + 1) > errors_after(nth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_met_exactly() {
        for (ratio, errors) in [(0.0, 0), (0.05, 5), (0.25, 25), (0.5, 50), (1.0, 100)] {
            assert_eq!((0..100).filter(|nth| fails(*nth, ratio)).count(), errors, "{ratio}");
        }
    }
}
