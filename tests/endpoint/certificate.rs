//! Certificates that nobody outside this process trusts.
//!
//! A CA of the process's own signs every leaf, so that tests need neither files nor an expiry date
//! to look after, and each way in which a certificate can be wrong is one variant away.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, SupportedProtocolVersion};

/// The names of a valid certificate: where it listens, and where a proxy can pretend that it does.
const VALID_NAMES: [&str; 5] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "login.salesforce.com",
    "*.my.salesforce.com",
];

/// What the endpoint's certificate is worth to a client that trusts its CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// Valid for `localhost`, `127.0.0.1` and `::1`, and for Salesforce's own names.
    Valid,
    /// Made out to another host.
    WrongName,
    /// Ran out long ago.
    Expired,
    /// Signed by a CA that the client does not know.
    UnknownIssuer,
}

impl Certificate {
    /// A server with such a certificate that offers these TLS versions.
    pub(super) fn server_config(
        self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("making a key");
        let leaf = self
            .params()
            .signed_by(&key, &self.authority().issuer)
            .expect("signing a certificate");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions that the provider knows")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .expect("a certificate that fits its key");
        Arc::new(config)
    }

    /// Who it is made out to, and until when.
    fn params(self) -> CertificateParams {
        let names = match self {
            Self::WrongName => vec!["elsewhere.example".to_owned()],
            _ => VALID_NAMES.map(str::to_owned).into(),
        };
        let mut params = CertificateParams::new(names).expect("valid names");
        if self == Self::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        params
    }

    /// Who signs it.
    fn authority(self) -> &'static Authority {
        /// A CA that no client is told of.
        static UNKNOWN: OnceLock<Authority> = OnceLock::new();
        match self {
            Self::UnknownIssuer => UNKNOWN.get_or_init(|| Authority::new("unknown CA")),
            _ => known_authority(),
        }
    }
}

/// The certificate that clients have to trust, as PEM.
pub(super) fn ca_pem() -> &'static str {
    &known_authority().pem
}

/// The CA that clients are told of, made once since making keys takes time.
fn known_authority() -> &'static Authority {
    /// The CA behind every valid certificate.
    static KNOWN: OnceLock<Authority> = OnceLock::new();
    KNOWN.get_or_init(|| Authority::new("endpoint CA"))
}

/// A certificate authority.
struct Authority {
    /// Its own certificate.
    pem: String,
    /// Its name and key.
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a key and a certificate that signs itself.
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("making a key");
        let pem = params.self_signed(&key).expect("signing a CA").pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }
}
