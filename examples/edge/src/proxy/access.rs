use std::time::Duration;

use http::StatusCode;
use pingora_core::Error;
use pingora_proxy::Session;
use serde_json::json;

use crate::serve::metrics;

/// Counts the request and writes its access line: JSON on stderr, under the log target `access`.
pub fn log(session: &Session, err: Option<&Error>, elapsed: Duration) {
    let request = session.req_header();
    // 499: the client left before there was an answer.
    let closed = StatusCode::from_u16(499).expect("within range");
    let status = session.response_written().map_or(closed, |response| response.status);
    metrics::answered(&request.method, status, elapsed.as_secs_f64());
    let line = json!({
        "method": request.method.as_str(),
        "path": request.uri.path(),
        "status": status.as_u16(),
        "ms": elapsed.as_secs_f64() * 1000.0,
        "bytes": session.body_bytes_sent(),
        "client": session.client_addr().map(ToString::to_string),
        "error": err.map(ToString::to_string),
    });
    log::info!(target: "access", "{line}");
}
