use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::config::Https;

/// Loads the pair and refuses what Pingora would only notice once it serves: see `-t`.
pub fn load(https: &Https) -> Result<Arc<CertifiedKey>, String> {
    let chain = CertificateDer::pem_file_iter(&https.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(at("app.listen.https.cert", &https.cert))?;
    let leaf = chain.first().ok_or_else(|| at("app.listen.https.cert", &https.cert)("no certificate in it"))?;
    check_dates(leaf).map_err(at("app.listen.https.cert", &https.cert))?;
    let key = PrivateKeyDer::from_pem_file(&https.key).map_err(at("app.listen.https.key", &https.key))?;
    let pair = CertifiedKey::from_der(chain, key, &default_provider())
        .map_err(|err| format!("app.listen.https: {} and {}: {err}", https.cert.display(), https.key.display()))?;
    Ok(Arc::new(pair))
}

fn check_dates(leaf: &CertificateDer<'_>) -> Result<(), String> {
    let (_, cert) = x509_parser::parse_x509_certificate(leaf).map_err(|err| err.to_string())?;
    let validity = cert.validity();
    if validity.is_valid() {
        Ok(())
    } else {
        Err(format!("valid only from {} to {}", validity.not_before, validity.not_after))
    }
}

fn at<E: Display>(key: &'static str, file: &Path) -> impl Fn(E) -> String {
    let file = file.display().to_string();
    move |err| format!("{key}: {file}: {err}")
}
