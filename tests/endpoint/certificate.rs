//! Certificates that nobody outside this process trusts.
//!
//! A CA of the process's own signs every leaf, so that tests need neither files nor an expiry date
//! to look after, and each way in which a certificate can be wrong is one variant away.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

/// The names of a valid certificate: where it listens, and where a proxy can pretend that it does.
const VALID_NAMES: [&str; 8] = [
    "localhost",
    "127.0.0.1",
    "::1",
    "*.salesforce.com",
    "*.my.salesforce.com",
    "*.my.site.com",
    "*.my.sfcrmproducts.cn",
    "*.my.salesforce.mil",
];

/// What the endpoint's certificate is worth to a client that trusts its CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// Valid for `localhost`, `127.0.0.1` and `::1`, and for Salesforce's own names.
    Valid,
    /// Made out to another host.
    WrongName,
    /// Made out to a host whose name sounds like another fault.
    MisleadingName,
    /// Ran out long ago.
    Expired,
    /// Will be good one day.
    NotYetValid,
    /// For clients.
    WrongUsage,
    /// That of a CA.
    OfCa,
    /// Signed by a CA that the client does not know.
    UnknownIssuer,
    /// Signed by somebody who uses the name of the CA that the client knows.
    Forged,
    /// Signed by a CA that may sign for other names alone.
    Constrained,
    /// Signed by what is no CA.
    SignedByLeaf,
}

impl Certificate {
    /// A server with such a certificate that offers these TLS versions.
    pub(super) fn server_config(
        self,
        versions: &[&'static SupportedProtocolVersion],
        demands_client: bool,
    ) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("making a key");
        let (issuer, intermediate) = self.issuer();
        let leaf = self.params().signed_by(&key, issuer);
        let leaf = leaf.expect("signing a certificate").der().clone();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions that the provider knows");
        let builder = if demands_client {
            builder.with_client_cert_verifier(client_verifier())
        } else {
            builder.with_no_client_auth()
        };
        let chain = [leaf].into_iter().chain(intermediate).collect();
        let config = builder.with_single_cert(chain, key);
        Arc::new(config.expect("a certificate that fits its key"))
    }

    /// Who it is made out to, until when and what for.
    fn params(self) -> CertificateParams {
        let names = match self {
            Self::WrongName => vec!["elsewhere.example".to_owned()],
            Self::MisleadingName => vec!["expired.unknownissuer.example".to_owned()],
            _ => VALID_NAMES.map(str::to_owned).into(),
        };
        let mut params = CertificateParams::new(names).expect("valid names");
        match self {
            Self::Expired => {
                params.not_before = date_time_ymd(2001, 1, 1);
                params.not_after = date_time_ymd(2002, 1, 1);
            }
            Self::NotYetValid => params.not_before = date_time_ymd(2500, 1, 1),
            Self::WrongUsage => {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }
            Self::OfCa => params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            _ => {}
        }
        params
    }

    /// Who signs it, and the certificate that has to go with it.
    fn issuer(
        self,
    ) -> (
        &'static Issuer<'static, KeyPair>,
        Option<CertificateDer<'static>>,
    ) {
        /// CAs that no client is told of.
        static UNKNOWN: OnceLock<Authority> = OnceLock::new();
        static FORGED: OnceLock<Authority> = OnceLock::new();
        /// Those that the known CA has signed.
        static CONSTRAINED: OnceLock<Authority> = OnceLock::new();
        static LEAF: OnceLock<Authority> = OnceLock::new();
        let (authority, is_intermediate) = match self {
            Self::UnknownIssuer => (UNKNOWN.get_or_init(|| Authority::new("unknown CA")), false),
            Self::Forged => (FORGED.get_or_init(|| Authority::new(CA_NAME)), false),
            Self::Constrained => (CONSTRAINED.get_or_init(Authority::constrained), true),
            Self::SignedByLeaf => (LEAF.get_or_init(Authority::no_authority), true),
            _ => (known_authority(), false),
        };
        let pem = is_intermediate.then_some(authority.pem.as_bytes());
        let der = pem.map(|pem| CertificateDer::from_pem_slice(pem).expect("a certificate"));
        (&authority.issuer, der)
    }
}

/// Demands certificates from the known CA.
fn client_verifier() -> Arc<dyn ClientCertVerifier> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(ca_pem().as_bytes()).expect("a certificate");
    roots.add(ca).expect("a root");
    let provider = Arc::new(ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .expect("a verifier")
}

/// The name of the CA that clients are told of.
const CA_NAME: &str = "endpoint CA";

/// The certificate that clients have to trust, as PEM.
pub(super) fn ca_pem() -> &'static str {
    &known_authority().pem
}

/// The CA that clients are told of, made once since making keys takes time.
fn known_authority() -> &'static Authority {
    /// The CA behind every valid certificate.
    static KNOWN: OnceLock<Authority> = OnceLock::new();
    KNOWN.get_or_init(|| Authority::new(CA_NAME))
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
        let key = KeyPair::generate().expect("making a key");
        let params = Self::params(name);
        let pem = params.self_signed(&key).expect("signing a CA").pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// A CA below the known one that may sign for names at `example` alone.
    fn constrained() -> Self {
        let mut params = Self::params("constrained CA");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example".to_owned())],
            excluded_subtrees: Vec::new(),
        });
        Self::below_known(params)
    }

    /// One below the known CA that may not sign.
    fn no_authority() -> Self {
        let mut params = Self::params("no CA");
        params.is_ca = IsCa::ExplicitNoCa;
        Self::below_known(params)
    }

    /// The usual parameters.
    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
    }

    /// Makes a key and a certificate that the known CA signs.
    fn below_known(params: CertificateParams) -> Self {
        let key = KeyPair::generate().expect("making a key");
        let signed = params.signed_by(&key, &known_authority().issuer);
        let pem = signed.expect("signing a certificate").pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }
}
