use std::time::Duration;

use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, OrErr, Result};

pub struct Upstream {
    address: String,
}

impl Upstream {
    pub fn new(address: String) -> Self {
        Self { address }
    }

    /// Resolves here: `HttpPeer::new` would block on a name and panic if there is none.
    pub async fn peer(&self) -> Result<Box<HttpPeer>> {
        let unresolved = || format!("upstream {}", self.address);
        let found = tokio::net::lookup_host(&self.address).await;
        let mut found = found.or_err_with(ErrorType::ConnectError, unresolved).map_err(|err| err.into_up())?;
        let addr = found.next().ok_or_else(|| Error::explain(ErrorType::ConnectError, unresolved()).into_up())?;
        let mut peer = HttpPeer::new(addr, false, String::new());
        peer.options.connection_timeout = Some(Duration::from_secs(5));
        Ok(Box::new(peer))
    }
}
