//! A token endpoint on this machine that does what a script says.
//!
//! Promises about a network can only be tested against a server that misbehaves on demand: one that
//! resets, stalls, lies about lengths or holds a reply back while a second process starts. This
//! one is blocking, has a thread for each connection, and remembers everything it was sent, so that
//! a test states what the server does and afterwards asks what the client did.
//!
//! The same code answers in the tests, in the demo and in the benchmark. Dropping an [`Endpoint`]
//! ends its connections and its threads, whatever a script was waiting for.

mod authorize;
mod browser;
mod certificate;
mod connection;
mod gate;
mod proof;
mod reply;
mod request;
mod salesforce;
mod script;
mod temp_dir;
mod wire;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::SupportedProtocolVersion;

pub(crate) use authorize::Authorizing;
pub(crate) use browser::{browse, client_config};
pub(crate) use certificate::Certificate;
pub(crate) use connection::Greeting;
pub(crate) use gate::Gate;
pub(crate) use reply::{Ending, Reply};
pub(crate) use request::Request;
pub(crate) use salesforce::Rotating;
pub(crate) use script::IntoScript;
pub(crate) use temp_dir::TempDir;

use authorize::SUCCESS_PATH;
use connection::{Shared, accept};

/// Where Salesforce answers, on every host.
const TOKEN_PATH: &str = "/services/oauth2/token";

/// The name of the CA certificate in the endpoint's directory.
const CA_FILE: &str = "ca.pem";

/// How an endpoint is to be set up; [`Endpoint::https`] and [`Endpoint::http`] are the short ways.
pub(crate) struct Builder {
    /// What the certificate is worth; none means plain HTTP.
    certificate: Option<Certificate>,
    /// The TLS versions to offer.
    versions: Vec<&'static SupportedProtocolVersion>,
    /// Whether clients have to show a certificate.
    demands_client: bool,
    /// The loopback address to listen on.
    address: SocketAddr,
    /// What the first, second, ... connection meets; the last repeats.
    greetings: Vec<Greeting>,
}

impl Builder {
    /// Presents another certificate than a valid one.
    pub(crate) fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Offers TLS 1.2 only.
    pub(crate) fn tls12(mut self) -> Self {
        self.versions = vec![&rustls::version::TLS12];
        self
    }

    /// Offers TLS 1.3 only.
    pub(crate) fn tls13(mut self) -> Self {
        self.versions = vec![&rustls::version::TLS13];
        self
    }

    /// Demands a certificate from each client.
    pub(crate) fn demanding_client_certificate(mut self) -> Self {
        self.demands_client = true;
        self
    }

    /// Speaks plain HTTP.
    pub(crate) fn plain(mut self) -> Self {
        self.certificate = None;
        self
    }

    /// Listens on `[::1]` in place of `127.0.0.1`.
    pub(crate) fn ipv6(self) -> Self {
        self.at(Ipv6Addr::LOCALHOST)
    }

    /// Listens on another loopback address than `127.0.0.1`.
    pub(crate) fn at(mut self, address: impl Into<IpAddr>) -> Self {
        self.address = (address.into(), 0).into();
        self
    }

    /// Meets the first, second, ... connection with these; the last repeats.
    pub(crate) fn greetings(mut self, greetings: impl Into<Vec<Greeting>>) -> Self {
        self.greetings = greetings.into();
        self
    }

    /// Starts an endpoint where somebody can log in to this app; see [`Endpoint::login`].
    pub(crate) fn start_login(self, app: &Authorizing) -> Endpoint {
        let endpoint = self.start(app.clone());
        app.serve_at(endpoint.origin());
        endpoint
    }

    /// Starts to listen; the endpoint is ready when this returns.
    pub(crate) fn start(self, script: impl IntoScript) -> Endpoint {
        let listener = TcpListener::bind(self.address).expect("listening on loopback");
        let address = listener.local_addr().expect("the address listened on");
        let tls = self
            .certificate
            .map(|it| it.server_config(&self.versions, self.demands_client));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let dir = TempDir::new();
        fs::write(dir.path().join(CA_FILE), certificate::ca_pem()).expect("writing the CA");
        let shared = Arc::new(Shared::new(script.into_script(), self.greetings, tls));
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Endpoint {
            origin: format!("{scheme}://{address}"),
            address,
            dir,
            shared,
            acceptor: Some(acceptor),
        }
    }
}

/// A running token endpoint.
pub(crate) struct Endpoint {
    /// Scheme, host and port.
    origin: String,
    /// Where it listens.
    address: SocketAddr,
    /// Holds the CA certificate.
    dir: TempDir,
    /// What its threads share.
    shared: Arc<Shared>,
    /// The thread that accepts connections and joins those it started.
    acceptor: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// An endpoint with a valid certificate, TLS 1.2 and 1.3, on `127.0.0.1`.
    pub(crate) fn builder() -> Builder {
        Builder {
            certificate: Some(Certificate::Valid),
            versions: rustls::ALL_VERSIONS.to_vec(),
            demands_client: false,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            greetings: vec![Greeting::Serve],
        }
    }

    /// Starts an HTTPS endpoint with a valid certificate.
    pub(crate) fn https(script: impl IntoScript) -> Self {
        Self::builder().start(script)
    }

    /// Starts an HTTPS endpoint where somebody can log in to this app, whose callback is the
    /// endpoint's own page.
    pub(crate) fn login(app: &Authorizing) -> Self {
        Self::builder().start_login(app)
    }

    /// Starts a plain HTTP endpoint.
    pub(crate) fn http(script: impl IntoScript) -> Self {
        Self::builder().plain().start(script)
    }

    /// The URL of the page that serves as a callback.
    pub(crate) fn callback(&self) -> String {
        format!("{}{SUCCESS_PATH}", self.origin)
    }

    /// Scheme, host and port: `https://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The whole URL of the token endpoint.
    pub(crate) fn url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.origin)
    }

    /// Where it listens, for clients that build a URL or a connection of their own.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The PEM file of the CA that valid certificates come from.
    pub(crate) fn ca_path(&self) -> PathBuf {
        self.dir.path().join(CA_FILE)
    }

    /// Every request so far, in the order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.ledger().requests.clone()
    }

    /// The only request so far; fails if there were more or none.
    #[track_caller]
    pub(crate) fn only_request(&self) -> Request {
        let [request] = <[Request; 1]>::try_from(self.requests())
            .unwrap_or_else(|requests| panic!("not one request but {requests:#?}"));
        request
    }

    /// How many connections were accepted so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.ledger().connections
    }

    /// Waits until this many requests have arrived; fails if that takes too long.
    #[track_caller]
    pub(crate) fn wait_for_requests(&self, count: usize) {
        let arrived = self.shared.wait_until(|it| it.requests.len() >= count);
        assert!(arrived, "{count} requests did not arrive");
    }

    /// Waits until this many connections were accepted; fails if that takes too long.
    #[track_caller]
    pub(crate) fn wait_for_connections(&self, count: usize) {
        let arrived = self.shared.wait_until(|it| it.connections >= count);
        assert!(arrived, "{count} connections did not arrive");
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.stop();
        // Nothing but a connection wakes the accepting thread.
        drop(TcpStream::connect(self.address));
        let ended = self.acceptor.take().map(JoinHandle::join);
        let sound = matches!(ended, Some(Ok(())));
        assert!(
            sound || thread::panicking(),
            "the endpoint's script panicked"
        );
    }
}
