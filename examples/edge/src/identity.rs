use chrono::{SecondsFormat, Utc};
use http::{HeaderName, HeaderValue};
use serde_json::{json, Value};

pub const X_RELEASE: HeaderName = HeaderName::from_static("x-release");
pub const X_PID: HeaderName = HeaderName::from_static("x-pid");

/// Who answers: what a deployer needs to tell the new process from the old one.
pub struct Identity {
    pub release: String,
    pub upgraded: bool,
    pub config_sha256: String,
    started_at: String,
    release_header: HeaderValue,
}

impl Identity {
    pub fn new(release: String, upgraded: bool, config_sha256: String) -> Self {
        let release_header = HeaderValue::from_str(&release).expect("the release id was checked");
        let started_at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        Self { release, upgraded, config_sha256, started_at, release_header }
    }

    /// Asked for each time: `-d` forks after start.
    pub fn pid(&self) -> u32 {
        std::process::id()
    }

    pub fn headers(&self) -> [(HeaderName, HeaderValue); 2] {
        [(X_RELEASE, self.release_header.clone()), (X_PID, self.pid().into())]
    }

    pub fn version(&self) -> Value {
        json!({
            "release": self.release,
            "version": env!("CARGO_PKG_VERSION"),
            "pid": self.pid(),
            "started_at": self.started_at,
            "upgraded": self.upgraded,
            "config_sha256": self.config_sha256,
        })
    }
}
