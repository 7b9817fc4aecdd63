//! The only module that knows ureq: one POST, its limits, and what its failures mean.
//!
//! The question that every failure has to answer is whether the server can have used the refresh
//! token. It can from the moment ureq takes the first byte of the request body, which is why the
//! body is a reader that remembers having been read: what fails before that may be tried again.

mod failure;
mod no_proxy;
mod proxy;
mod roots;

pub(crate) use failure::no_reply;
pub(crate) use proxy::{ProxySetting, proxy_for};
pub(crate) use roots::Roots;

use std::cell::Cell;
use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, BodyReader, SendBody};

use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::secret::Secret;
use failure::{MAX_HEAD_LEN, describe, protocol_failure, proxy_status, tls_error, tls_failure};

/// A connection, TLS included, that takes longer is given up and tried again: nothing was sent,
/// and of several addresses ureq gives the first one two thirds of this. Ten seconds are five
/// retransmissions of a lost SYN.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How far behind the deadline a stuck connection is torn down. ureq starts its time limit anew at
/// each read of a CONNECT proxy's answer, so a proxy that drips would hold us for ever.
const GRACE: Duration = Duration::from_millis(300);

/// 1 MiB. Token replies have about two KiB; a larger one is none.
pub(crate) const MAX_REPLY_LEN: usize = 1024 * 1024;

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// `Retry-After`, where it was given in seconds.
    pub(crate) retry_after: Option<Duration>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// `Content-Encoding`: none was asked for.
    pub(crate) content_encoding: Option<String>,
    /// At most [`MAX_REPLY_LEN`] and one byte.
    pub(crate) body: Vec<u8>,
    /// Why the body may lack its end.
    pub(crate) cut_short: Option<String>,
}

/// Nothing came back.
#[derive(Debug)]
pub(crate) struct Lost {
    /// The failure to report if this was the last try.
    pub(crate) error: Error,
    /// Whether the form cannot have reached the server, so that it may be sent again.
    pub(crate) again: bool,
}

impl Lost {
    /// A failure before the form was sent.
    fn before_sending(error: Error) -> Self {
        Self { error, again: true }
    }

    /// A failure that another try would meet too, or that came after the form was sent.
    fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
        }
    }
}

/// A client for one endpoint. It keeps its connection until it is dropped, so that nothing stands
/// between the arrival of a reply and saving it.
pub(crate) struct Client {
    /// ureq, set up.
    agent: Agent,
    /// The proxy's host and port.
    proxy: Option<String>,
    /// Whether there are two handshakes that could fail, ureq not telling which did.
    is_proxy_https: bool,
    /// The end of the run.
    deadline: Deadline,
    /// The body of the last reply, kept open: closing it is a system call that can wait.
    last_body: Cell<Option<BodyReader<'static>>>,
}

impl Client {
    /// Sets up everything that needs no network.
    pub(crate) fn new(roots: &Roots, proxy: Option<ProxySetting>, deadline: Deadline) -> Self {
        let roots = match &roots.certificates {
            None => RootCerts::WebPki,
            Some(certificates) => RootCerts::new_with_certs(certificates),
        };
        let authority = proxy.as_ref().map(ProxySetting::authority);
        let is_proxy_https = proxy.as_ref().is_some_and(ProxySetting::is_https);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy.map(|setting| setting.proxy))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .user_agent(concat!("sftoken/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .max_idle_connections(0)
            .max_response_header_size(MAX_HEAD_LEN)
            .input_buffer_size(2 * MAX_HEAD_LEN)
            .output_buffer_size(MAX_HEAD_LEN)
            .build()
            .new_agent();
        if authority.is_some() {
            tear_down_behind(deadline, agent.clone());
        }
        Self {
            agent,
            proxy: authority,
            is_proxy_https,
            deadline,
            last_body: Cell::default(),
        }
    }

    /// Sends the form once and takes the reply, whatever its status.
    ///
    /// # Errors
    /// Where no reply came: to be tried again before the form was sent, not afterwards.
    pub(crate) fn post(&self, endpoint: &Endpoint, form: &Secret) -> Result<Reply, Lost> {
        let sent = Cell::new(false);
        let body = Form {
            rest: form.expose().as_bytes(),
            sent: &sent,
        };
        self.send(endpoint, form.expose().len(), body)
            .map(|response| self.received(response))
            .map_err(|error| self.failed(endpoint, error, sent.get()))
    }

    /// The request itself, up to the head of the reply.
    fn send(
        &self,
        endpoint: &Endpoint,
        length: usize,
        mut form: Form,
    ) -> Result<Response<Body>, ureq::Error> {
        let left = self.deadline.left();
        self.agent
            .post(endpoint.to_string())
            .config()
            .timeout_global(Some(left))
            .timeout_connect(Some(left.min(CONNECT_TIMEOUT)))
            .build()
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Content-Length", length)
            .send(SendBody::from_reader(&mut form))
    }

    /// What a failure of ureq means.
    fn failed(&self, endpoint: &Endpoint, error: ureq::Error, sent: bool) -> Lost {
        let error = match tls_error(&error) {
            Some(text) if !sent => {
                return Lost::for_good(tls_failure(&self.tls_peer(endpoint), &text));
            }
            Some(text) => return Lost::for_good(no_reply(endpoint, &text)),
            None => error,
        };
        if !sent {
            return self.not_connected(endpoint, &error);
        }
        match error {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) => {
                Lost::for_good(no_reply(endpoint, &describe(&error)))
            }
            other => Lost::for_good(protocol_failure(
                &endpoint.authority(),
                "HTTP",
                &describe(&other),
            )),
        }
    }

    /// Who may have failed in a handshake.
    fn tls_peer(&self, endpoint: &Endpoint) -> String {
        let host = endpoint.authority();
        match &self.proxy {
            Some(proxy) if self.is_proxy_https => format!("{host} or its proxy {proxy}"),
            _ => host,
        }
    }

    /// The connection was never made, so the token was not sent.
    fn not_connected(&self, endpoint: &Endpoint, error: &ureq::Error) -> Lost {
        let host = endpoint.authority();
        let Some(proxy) = &self.proxy else {
            let why = describe(error);
            return Lost::before_sending(Error::new(
                Class::Unavailable,
                format!("cannot reach {host}: {why}"),
                "nothing was sent; check the name and the network, and try again",
            ));
        };
        let answered = proxy_status(error);
        let why = match answered {
            Some(status) => format!("the proxy answered with status {status}"),
            // A connection that was torn down at the deadline looks like one that was closed.
            None if self.deadline.left().is_zero() => "timed out".to_owned(),
            None => describe(error),
        };
        let failure = Error::new(
            Class::Unavailable,
            format!("cannot reach {host} through the proxy {proxy}: {why}"),
            match answered {
                Some(401 | 407) => {
                    "nothing was sent; put the user and the password into the proxy's URL"
                }
                _ => "nothing was sent; check the proxy, or name the host in NO_PROXY",
            },
        );
        match answered {
            Some(400..=499) => Lost::for_good(failure),
            _ => Lost::before_sending(failure),
        }
    }

    /// Reads a reply to its end, or as far as it comes: a token may be whole though the body is
    /// not. Where the length is known the end is not read, since ureq closes the connection there.
    fn received(&self, response: Response<Body>) -> Reply {
        let (head, body) = response.into_parts();
        let limit = MAX_REPLY_LEN as u64 + 1;
        let len = body.content_length().map_or(limit, |len| len.min(limit));
        let mut bytes = Vec::new();
        let mut reader = body.into_reader();
        let end = reader.by_ref().take(len).read_to_end(&mut bytes);
        self.last_body.set(Some(reader));
        Reply {
            status: head.status.as_u16(),
            retry_after: retry_after(&head.headers),
            location: location(&head.headers),
            content_encoding: header(&head.headers, "content-encoding").map(str::to_owned),
            body: bytes,
            cut_short: end.err().map(|error| describe(&error.into())),
        }
    }
}

/// The request body, which remembers whether any of it was handed out.
struct Form<'a> {
    /// What is still to be sent.
    rest: &'a [u8],
    /// Whether the server can have seen the refresh token.
    sent: &'a Cell<bool>,
}

impl Read for Form<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.sent.set(true);
        self.rest.read(buffer)
    }
}

/// Ends whatever the agent still does shortly after the deadline. The thread ends with the process.
fn tear_down_behind(deadline: Deadline, agent: Agent) {
    thread::spawn(move || {
        thread::sleep(deadline.left() + GRACE);
        agent.shutdown();
    });
}

/// A header of visible characters.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Location`, whatever its bytes are.
fn location(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("location")?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `Retry-After` in seconds; its other form, a date, is not taken.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = header(headers, "retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
