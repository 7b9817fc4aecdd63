//! From an endpoint to an encrypted connection, behind ureq's transport seam.
//!
//! ureq's own chain tries addresses one after the other, tells a failed handshake with a proxy from
//! one with the endpoint behind it by nothing, and keeps little of what a proxy answers. The links
//! of the chain are ureq's, but for the race of the addresses and the tunnel.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, LazyBuffers, NextTimeout, RustlsConnector, SocksConnector,
    Transport, TransportAdapter,
};
use ureq::{Error, Timeout};

use super::buffered::Buffered;
use super::names::Known;
use super::proxy::ProxySetting;
use super::race;
use super::tunnel::{self, Refused};
use super::wire::Wire;
use crate::deadline::Deadline;

/// A connection, TLS included, that takes longer is given up and tried again: nothing was sent. Ten
/// seconds are five retransmissions of a lost SYN.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections.
#[derive(Debug)]
pub(super) struct Dialer {
    /// Whom to ask for them, if anybody.
    proxy: Option<ProxySetting>,
    /// The end of the run.
    deadline: Deadline,
    /// ureq's TLS.
    tls: RustlsConnector,
}

impl Dialer {
    /// A dialer that has not dialled yet.
    pub(super) fn new(proxy: Option<ProxySetting>, deadline: Deadline) -> Self {
        Self {
            proxy,
            deadline,
            tls: RustlsConnector::default(),
        }
    }

    /// A connection to the endpoint as far as TCP goes.
    fn line(&self, details: &ConnectionDetails) -> Result<Box<dyn Transport>, Error> {
        let until = Instant::now() + self.deadline.left().min(CONNECT_TIMEOUT);
        match &self.proxy {
            None => tcp(details, &details.addrs, until),
            Some(proxy) if proxy.is_socks() => socks(details, proxy, until),
            Some(proxy) => self.tunnel(details, proxy, until),
        }
    }

    /// A connection through an HTTP proxy.
    fn tunnel(
        &self,
        details: &ConnectionDetails,
        proxy: &ProxySetting,
        until: Instant,
    ) -> Result<Box<dyn Transport>, Error> {
        let details_of_proxy = to_proxy(details, proxy, until)?;
        let line = tcp(details, &details_of_proxy.addrs, until)?;
        let line = self.tls.connect(&details_of_proxy, Some(line));
        let line: Box<dyn Transport> = match line {
            Ok(line) => Box::new(line.ok_or(Error::ConnectionFailed)?),
            Err(error) => return Err(Refused::Tls(error).into()),
        };
        let mut line = TransportAdapter::new(line, details.current_time.clone());
        line.set_timeout(timeout(until));
        tunnel::open(&mut line, details.uri, proxy)?;
        Ok(Box::new(Buffered::new(line.into_inner(), false)))
    }
}

impl Connector for Dialer {
    type Out = Buffered;

    fn connect(
        &self,
        details: &ConnectionDetails,
        _: Option<()>,
    ) -> Result<Option<Buffered>, Error> {
        let line = self.line(details)?;
        let line = self.tls.connect(details, Some(line))?;
        let line = line.ok_or(Error::ConnectionFailed)?;
        Ok(Some(Buffered::new(Box::new(line), details.needs_tls())))
    }
}

/// What ureq is told of a connection to the proxy itself.
fn to_proxy<'a>(
    details: &ConnectionDetails<'a>,
    proxy: &'a ProxySetting,
    until: Instant,
) -> Result<ConnectionDetails<'a>, Error> {
    Ok(ConnectionDetails {
        uri: proxy.uri(),
        addrs: addresses(details, proxy, until)?,
        ..with_resolver(details, details.resolver)
    })
}

/// The addresses of a proxy.
fn addresses(
    details: &ConnectionDetails,
    proxy: &ProxySetting,
    until: Instant,
) -> Result<ResolvedSocketAddrs, Error> {
    let resolver = details.resolver;
    resolver.resolve(proxy.uri(), details.config, timeout(until))
}

/// The same details with another resolver.
fn with_resolver<'a>(
    details: &ConnectionDetails<'a>,
    resolver: &'a dyn Resolver,
) -> ConnectionDetails<'a> {
    ConnectionDetails {
        uri: details.uri,
        addrs: details.addrs.clone(),
        config: details.config,
        request_level: details.request_level,
        resolver,
        now: details.now,
        timeout: details.timeout,
        current_time: details.current_time.clone(),
        run_connector: details.run_connector.clone(),
        register_shutdown: details.register_shutdown.clone(),
    }
}

/// A TCP connection to the first of the addresses that answers.
fn tcp(
    details: &ConnectionDetails,
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<Box<dyn Transport>, Error> {
    let stream = connected(addresses, until)?;
    let config = details.config;
    let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
    Ok(Box::new(Wire::new(stream, buffers)?))
}

/// The first of the addresses that answers.
fn connected(addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Error> {
    race::connect(addresses, until).map_err(|error| match error.kind() {
        ErrorKind::TimedOut => Error::Timeout(Timeout::Connect),
        _ => Error::Io(error),
    })
}

/// A connection through a SOCKS proxy, as ureq makes it. It tries addresses one after the other, so
/// of several it is told only the one that has answered.
fn socks(
    details: &ConnectionDetails,
    proxy: &ProxySetting,
    until: Instant,
) -> Result<Box<dyn Transport>, Error> {
    let addresses = addresses(details, proxy, until)?;
    let address = match *addresses {
        [only] => only,
        _ => connected(&addresses, until)?.peer_addr()?,
    };
    let known = Known(address);
    let line = SocksConnector::default().connect(&with_resolver(details, &known), None::<()>)?;
    Ok(Box::new(line.ok_or(Error::ConnectionFailed)?))
}

/// The time until an instant, as ureq wants it.
fn timeout(until: Instant) -> NextTimeout {
    NextTimeout {
        after: until.saturating_duration_since(Instant::now()).into(),
        reason: Timeout::Connect,
        ..NextTimeout::default()
    }
}
