use std::net::IpAddr;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use pingora_core::protocols::l4::socket::SocketAddr;
use pingora_limits::rate::Rate;
use serde_json::json;

use crate::identity::Identity;
use crate::serve::reply;

/// Requests per client address and second, counted by this process alone.
pub struct Limit {
    rate: Rate,
    per_second: isize,
}

impl Limit {
    pub fn new(per_second: u32) -> Self {
        Self { rate: Rate::new(Duration::from_secs(1)), per_second: per_second as isize }
    }

    pub fn exceeded(&self, client: Option<&SocketAddr>) -> bool {
        let ip: Option<IpAddr> = client.and_then(SocketAddr::as_inet).map(std::net::SocketAddr::ip);
        ip.is_some_and(|ip| self.rate.observe(&ip, 1) > self.per_second)
    }
}

pub fn refusal(identity: &Identity) -> Response<Vec<u8>> {
    let body = json!({ "error": "too many requests" });
    let mut response = reply::json(identity, StatusCode::TOO_MANY_REQUESTS, &body);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
