//! One TLS configuration for REST and socket: rustls with ring and the bundled web roots, so that the binary
//! needs neither OpenSSL nor a certificate folder.

use std::sync::Arc;

use super::ExchangeError;

/// The client side of TLS.
///
/// # Errors
/// `Config` when ring does not offer the default protocol versions, which no build of it does.
pub(crate) fn client_config() -> Result<Arc<rustls::ClientConfig>, ExchangeError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ExchangeError::Config {
            at: "TLS".into(),
            value: "protocol versions".into(),
            reason: error.to_string(),
        })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
