//! The traffic port: health paths, faults and limits first, then the upstream or the echo.

mod access;
mod echo;
mod fault;
mod limit;
mod upgrade;
mod upstream;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use pingora_core::protocols::http::ServerSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::{FailToProxy, ProxyHttp, Session};
use serde_json::json;

use crate::config::AppConf;
use crate::serve::metrics::Inflight;
use crate::serve::{health, reply};
use crate::state::State;

pub use upstream::Upstream;

pub struct Proxy {
    state: Arc<State>,
    faults: fault::Faults,
    limit: Option<limit::Limit>,
    upstream: Option<Upstream>,
}

pub struct Ctx {
    start: Instant,
    health: bool,
    _inflight: Inflight,
}

impl Proxy {
    pub fn new(state: Arc<State>, app: AppConf) -> Self {
        Self {
            state,
            faults: fault::Faults::new(app.fault),
            limit: app.rate.map(|rate| limit::Limit::new(rate.per_second)),
            upstream: app.upstream.map(Upstream::new),
        }
    }

    /// What this process answers itself, before any upstream is asked.
    async fn local(&self, session: &Session, ctx: &mut Ctx) -> Option<Response<Vec<u8>>> {
        let request = session.req_header();
        let path = request.uri.path();
        self.faults.on_path(path).await;
        if let Some(response) = health::answer(&self.state, path) {
            ctx.health = true;
            return Some(response);
        }
        let identity = &self.state.identity;
        if self.faults.error() {
            return Some(reply::json(identity, StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": "fault" })));
        }
        if self.limit.as_ref().is_some_and(|limit| limit.exceeded(session.client_addr())) {
            return Some(limit::refusal(identity));
        }
        match self.upstream {
            Some(_) => None,
            None => Some(reply::json(identity, StatusCode::OK, &echo::body(request, identity))),
        }
    }
}

#[async_trait]
impl ProxyHttp for Proxy {
    type CTX = Ctx;

    fn new_ctx(&self) -> Ctx {
        Ctx { start: Instant::now(), health: false, _inflight: Inflight::enter() }
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Ctx) -> Result<bool> {
        if self.state.draining() {
            session.set_keepalive(None);
        }
        let Some(response) = self.local(session, ctx).await else { return Ok(false) };
        send(session, response).await?;
        Ok(true)
    }

    async fn upstream_peer(&self, session: &mut Session, _ctx: &mut Ctx) -> Result<Box<HttpPeer>> {
        match &self.upstream {
            Some(upstream) => upstream.peer(session.is_upgrade_req()).await,
            None => Error::e_explain(ErrorType::InternalError, "no upstream"),
        }
    }

    async fn response_filter(
        &self,
        _session: &mut Session,
        response: &mut ResponseHeader,
        _ctx: &mut Ctx,
    ) -> Result<()> {
        for (name, value) in self.state.identity.headers() {
            response.insert_header(name, value)?;
        }
        Ok(())
    }

    async fn fail_to_proxy(&self, session: &mut Session, err: &Error, _ctx: &mut Ctx) -> FailToProxy {
        let status = match (err.etype(), err.esource()) {
            (ErrorType::HTTPStatus(code), _) => {
                StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            (_, ErrorSource::Upstream) => StatusCode::BAD_GATEWAY,
            (_, ErrorSource::Downstream) => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let identity = &self.state.identity;
        let body = json!({ "error": status.canonical_reason().unwrap_or("failed") });
        if session.response_written().is_none() {
            session.set_keepalive(None);
            if let Err(err) = send(session, reply::json(identity, status, &body)).await {
                log::debug!("the client is gone: {err}");
            }
        }
        FailToProxy { error_code: status.as_u16(), can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, err: Option<&Error>, ctx: &mut Ctx) {
        if !ctx.health {
            access::log(session, err, ctx.start.elapsed());
        }
    }
}

async fn send(session: &mut ServerSession, response: Response<Vec<u8>>) -> Result<()> {
    let (parts, body) = response.into_parts();
    let header: ResponseHeader = parts.into();
    // HTTP/2 resets a stream whose request body was not read, or that answers HEAD with a body.
    if session.is_http2() {
        session.drain_request_body().await?;
    }
    let body = if session.req_header().method == Method::HEAD { Bytes::new() } else { Bytes::from(body) };
    session.write_response_header(Box::new(header)).await?;
    session.write_response_body(body, true).await
}
