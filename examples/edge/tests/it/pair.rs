use std::path::{Path, PathBuf};

use rcgen::{date_time_ymd, CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;

use crate::edge::write;

/// A self-signed certificate and its key, as files.
pub struct Pair {
    pub cert: PathBuf,
    pub key: PathBuf,
    pub der: CertificateDer<'static>,
}

impl Pair {
    pub fn create(dir: &Path, name: &str) -> Self {
        Self::until(dir, name, 2090)
    }

    pub fn until(dir: &Path, name: &str, year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["edge.test".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let cert = params.self_signed(&key).unwrap();
        Self {
            cert: write(dir, &format!("{name}.crt"), &cert.pem()),
            key: write(dir, &format!("{name}.key"), &key.serialize_pem()),
            der: cert.der().clone(),
        }
    }
}

/// The `listen:` line with both ports.
pub fn listen(http: u16, https: u16, cert: &Path, key: &Path) -> String {
    format!(
        "version: 1\ngrace_period_seconds: 1\ngraceful_shutdown_timeout_seconds: 1\napp:\n  listen:\n    http: 127.0.0.1:{http}\n    \
         https: {{ addr: '127.0.0.1:{https}', cert: {}, key: {} }}\n",
        cert.display(),
        key.display()
    )
}
