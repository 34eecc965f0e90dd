//! One YAML file: Pingora's own keys at the top level, and `app:` for the rest.

mod app;
mod fault;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use pingora_core::server::configuration::ServerConf;
use serde::Deserialize;
use serde_yaml::Value;

pub use app::{AppConf, Https};
pub use fault::Fault;

/// Pingora's default of 300 s would make every stop of a minimal file take 5 minutes.
const GRACE_SECONDS: u64 = 1;
const TIMEOUT_SECONDS: u64 = 1;

#[derive(Debug)]
pub struct Config {
    pub server: ServerConf,
    pub app: AppConf,
    pub sha256: String,
}

#[derive(Deserialize)]
struct File {
    app: Option<AppConf>,
}

pub fn load(path: &str) -> Result<Config, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|err| vec![err.to_string()])?;
    parse(&text)
}

pub fn parse(text: &str) -> Result<Config, Vec<String>> {
    let keys: BTreeMap<String, Value> = serde_yaml::from_str(text).map_err(one)?;
    let mut server: ServerConf = serde_yaml::from_str(text).map_err(one)?;
    let file: File = serde_yaml::from_str(text).map_err(one)?;
    let app = file.app.unwrap_or_default();

    let known = serde_yaml::to_value(ServerConf::default()).map_err(one)?;
    let unknown = keys.keys().filter(|key| *key != "app" && known.get(key.as_str()).is_none());
    let mut problems: Vec<String> = unknown.map(|key| format!("{key}: unknown key")).collect();
    problems.extend(rules::check(&server, &app));
    server.grace_period_seconds.get_or_insert(GRACE_SECONDS);
    server.graceful_shutdown_timeout_seconds.get_or_insert(TIMEOUT_SECONDS);
    match server.validate() {
        Ok(server) if problems.is_empty() => Ok(Config { server, app, sha256: sha256(text) }),
        Ok(_) => Err(problems),
        Err(err) => {
            problems.push(err.to_string().trim().to_owned());
            Err(problems)
        }
    }
}

fn one(err: serde_yaml::Error) -> Vec<String> {
    vec![err.to_string()]
}

fn sha256(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
