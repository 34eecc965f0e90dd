use http::{Response, StatusCode};
use serde_json::json;

use super::reply;
use crate::state::State;

/// The paths both ports answer. `/livez` and `/healthz` say that requests are answered at all,
/// `/readyz` that this instance wants traffic.
pub fn answer(state: &State, path: &str) -> Option<Response<Vec<u8>>> {
    match path {
        "/livez" | "/healthz" => Some(reply::json(&state.identity, StatusCode::OK, &json!({ "alive": true }))),
        "/readyz" => Some(ready(state)),
        _ => None,
    }
}

fn ready(state: &State) -> Response<Vec<u8>> {
    match state.unready() {
        None => reply::json(&state.identity, StatusCode::OK, &json!({ "ready": true })),
        Some(reason) => {
            let body = json!({ "ready": false, "reason": reason });
            reply::json(&state.identity, StatusCode::SERVICE_UNAVAILABLE, &body)
        }
    }
}
