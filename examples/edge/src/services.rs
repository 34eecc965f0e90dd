use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pingora_core::listeners::tls::TlsSettings;
use pingora_core::server::Server;
use pingora_core::services::background::background_service;
use pingora_core::services::listening::Service;
use pingora_proxy::http_proxy_service_with_name;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::config::AppConf;
use crate::proxy::Proxy;
use crate::ready::{Readiness, Target};
use crate::serve::{admin::Admin, metrics::Metrics};
use crate::state::State;
use crate::timers::{ExitAt, StartDelay};

/// Which services run, and what each waits for.
pub struct Plan {
    state: Arc<State>,
    app: AppConf,
    pair: Option<Arc<CertifiedKey>>,
    started: Instant,
}

impl Plan {
    pub fn new(state: Arc<State>, app: AppConf, pair: Option<Arc<CertifiedKey>>, started: Instant) -> Self {
        Self { state, app, pair, started }
    }

    pub fn add_to(self, server: &mut Server) {
        if let Some(ms) = self.app.fault.exit_after_ms {
            let at = self.started + Duration::from_millis(ms);
            server.add_service(background_service("exit", ExitAt(at)));
        }
        server.add_service(background_service("readiness", self.readiness()));
        if !self.app.fault.never_bind {
            self.add_listeners(server);
        }
    }

    fn readiness(&self) -> Readiness {
        let https = self.app.listen.https.as_ref().map(|https| https.addr.as_str());
        let target = |addr: &str| {
            let listen: SocketAddr = addr.parse().expect("the address was checked");
            Target::new(listen, self.pair.as_ref().filter(|_| https == Some(addr)))
        };
        let addresses = if self.app.fault.never_bind { Vec::new() } else { self.app.addresses() };
        Readiness {
            state: self.state.clone(),
            targets: addresses.into_iter().map(|(_, addr)| target(addr)).collect(),
            deadline: self.started + Duration::from_secs(self.app.ready.deadline_seconds),
        }
    }

    fn add_listeners(self, server: &mut Server) {
        let mut admin = Service::new("admin".into(), Admin(self.state.clone()));
        admin.add_tcp(&self.app.admin.addr);
        let mut metrics = Service::new("metrics".into(), Metrics(self.state.clone()));
        metrics.add_tcp(&self.app.metrics.addr);

        let listen_http = self.app.listen.http.clone();
        let listen_https = self.app.listen.https.as_ref().map(|https| (https.addr.clone(), https.h2));
        let delay = Duration::from_millis(self.app.fault.start_delay_ms);
        let app = Proxy::new(self.state, self.app);
        let mut proxy = http_proxy_service_with_name(&server.configuration, app, "proxy");
        if let Some(addr) = listen_http {
            proxy.add_tcp(&addr);
        }
        if let (Some((addr, h2)), Some(pair)) = (listen_https, self.pair) {
            proxy.add_tls_with_settings(&addr, None, tls(pair, h2));
        }

        let listeners = [server.add_service(proxy), server.add_service(admin), server.add_service(metrics)];
        if !delay.is_zero() {
            let gate = server.add_service(background_service("start delay", StartDelay(delay)));
            for listener in listeners {
                listener.add_dependency(&gate);
            }
        }
    }
}

/// The pair as it was checked at start, not whatever the files hold later.
fn tls(pair: Arc<CertifiedKey>, h2: bool) -> TlsSettings {
    let mut settings = TlsSettings::intermediate("", "").expect("it only keeps the paths");
    settings.set_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    if h2 {
        settings.enable_h2();
    }
    settings
}
