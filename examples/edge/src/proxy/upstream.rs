use std::sync::Arc;
use std::time::Duration;

use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, OrErr, Result};

use super::upgrade::UpgradeConnect;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

pub struct Upstream {
    address: String,
}

impl Upstream {
    pub fn new(address: String) -> Self {
        Self { address }
    }

    /// Resolves here: `HttpPeer::new` would block on a name and panic if there is none.
    pub async fn peer(&self, upgrade: bool) -> Result<Box<HttpPeer>> {
        let unresolved = || format!("upstream {}", self.address);
        let found = tokio::net::lookup_host(&self.address).await;
        let mut found = found.or_err_with(ErrorType::ConnectError, unresolved).map_err(|err| err.into_up())?;
        let addr = found.next().ok_or_else(|| Error::explain(ErrorType::ConnectError, unresolved()).into_up())?;
        let mut peer = HttpPeer::new(addr, false, String::new());
        peer.options.connection_timeout = Some(CONNECT_LIMIT);
        if upgrade {
            // Of its own, and not kept: a connection of the pool would read at once.
            peer.options.custom_l4 = Some(Arc::new(UpgradeConnect(CONNECT_LIMIT)));
            peer.options.idle_timeout = Some(Duration::ZERO);
            peer.group_key = 1;
        }
        Ok(Box::new(peer))
    }
}
