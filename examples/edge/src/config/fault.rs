use serde::Deserialize;

/// Faults on purpose, so that rollout and rollback tests are deterministic.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    pub start_delay_ms: u64,
    pub never_bind: bool,
    pub never_ready: bool,
    pub exit_after_ms: Option<u64>,
    pub crash_on_path: Option<String>,
    pub error_ratio: f64,
    pub slow_path: Option<String>,
    pub slow_path_ms: u64,
}

impl Fault {
    pub fn slow_path(&self) -> &str {
        self.slow_path.as_deref().unwrap_or("/slow")
    }
}
