use std::sync::Arc;

use async_trait::async_trait;
use http::{Response, StatusCode};
use pingora_core::apps::http_app::ServeHttp;
use pingora_core::protocols::http::ServerSession;
use serde_json::json;

use super::{health, reply};
use crate::state::State;

pub struct Admin(pub Arc<State>);

#[async_trait]
impl ServeHttp for Admin {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        let state = &self.0;
        let path = session.req_header().uri.path();
        if let Some(response) = health::answer(state, path) {
            return response;
        }
        match path {
            "/version" => reply::json(&state.identity, StatusCode::OK, &state.identity.version()),
            _ => reply::json(&state.identity, StatusCode::NOT_FOUND, &json!({ "error": "not found" })),
        }
    }
}
