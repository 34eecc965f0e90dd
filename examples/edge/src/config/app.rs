use std::path::PathBuf;

use serde::Deserialize;

use super::fault::Fault;

/// The `app:` map. Pingora ignores it; here an unknown key is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppConf {
    pub listen: Listen,
    pub admin: Admin,
    pub metrics: Metrics,
    pub upstream: Option<String>,
    pub rate: Option<Rate>,
    pub drain: Drain,
    pub ready: Ready,
    pub release: Option<String>,
    pub fault: Fault,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    pub http: Option<String>,
    pub https: Option<Https>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Https {
    pub addr: String,
    pub cert: PathBuf,
    pub key: PathBuf,
    #[serde(default = "yes")]
    pub h2: bool,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    pub addr: String,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    pub addr: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    pub per_second: u32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Drain {
    pub delay_seconds: u64,
    pub file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ready {
    pub deadline_seconds: u64,
}

impl Default for Listen {
    fn default() -> Self {
        Self { http: Some("0.0.0.0:8080".into()), https: None }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self { addr: "127.0.0.1:8081".into() }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { addr: "127.0.0.1:8082".into() }
    }
}

impl Default for Ready {
    fn default() -> Self {
        Self { deadline_seconds: 20 }
    }
}

impl AppConf {
    /// Every address of this process, with the key that names it.
    pub fn addresses(&self) -> Vec<(&'static str, &str)> {
        let http = self.listen.http.as_deref().map(|addr| ("app.listen.http", addr));
        let https = self.listen.https.as_ref().map(|https| ("app.listen.https.addr", https.addr.as_str()));
        let own = [("app.admin.addr", self.admin.addr.as_str()), ("app.metrics.addr", self.metrics.addr.as_str())];
        http.into_iter().chain(https).chain(own).collect()
    }
}

fn yes() -> bool {
    true
}
