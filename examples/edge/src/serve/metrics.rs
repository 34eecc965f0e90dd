use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use http::{Method, Response, StatusCode};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use pingora_prometheus::prometheus::{
    register_histogram, register_int_counter_vec, register_int_gauge, register_int_gauge_vec, Histogram, IntCounterVec,
    IntGauge,
};
use pingora_prometheus::PrometheusHttpApp;

use crate::identity::Identity;
use crate::state::State;

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let help = "Requests answered on the proxy ports, the health paths left out";
    register_int_counter_vec!("requests_total", help, &["method", "status"]).expect("registered once")
});
static SECONDS: LazyLock<Histogram> = LazyLock::new(|| {
    register_histogram!("request_seconds", "Time from request header to the end of the response")
        .expect("registered once")
});
static INFLIGHT: LazyLock<IntGauge> =
    LazyLock::new(|| register_int_gauge!("inflight", "Requests being answered now").expect("registered once"));

/// Makes every metric visible from the first scrape.
pub fn init(identity: &Identity) {
    let build = register_int_gauge_vec!("build_info", "Always 1", &["version", "release"]).expect("registered once");
    build.with_label_values(&[env!("CARGO_PKG_VERSION"), identity.release.as_str()]).set(1);
    REQUESTS.with_label_values(&["GET", "200"]);
    LazyLock::force(&SECONDS);
    LazyLock::force(&INFLIGHT);
}

pub fn answered(method: &Method, status: StatusCode, seconds: f64) {
    REQUESTS.with_label_values(&[label(method), status.as_str()]).inc();
    SECONDS.observe(seconds);
}

/// Any client can invent a method, and each would be a new time series.
fn label(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "OTHER",
    }
}

/// Counts a request as in flight for as long as it lives.
pub struct Inflight;

impl Inflight {
    pub fn enter() -> Self {
        INFLIGHT.inc();
        Self
    }
}

impl Drop for Inflight {
    fn drop(&mut self) {
        INFLIGHT.dec();
    }
}

/// Pingora's exporter, plus the headers that say who answers.
pub struct Metrics(pub Arc<State>);

#[async_trait]
impl ServeHttp for Metrics {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let mut response = PrometheusHttpApp.response(session).await;
        response.headers_mut().extend(self.0.identity.headers());
        response
    }
}
