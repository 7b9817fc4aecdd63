//! The only module that knows ureq: one POST, its limits, and what its failures mean.
//!
//! The question that every failure has to answer is whether the server can have used the refresh
//! token. It can from the moment ureq takes the first byte of the request body, which is why the
//! body is a reader that remembers having been read: what fails before that may be tried again.

mod buffered;
mod challenge;
mod der;
mod dial;
mod failure;
mod names;
mod no_proxy;
mod proxy;
mod race;
mod reply;
mod roots;
mod terms;
mod tls;
mod tunnel;
mod wire;

pub(crate) use failure::no_reply;
pub(crate) use proxy::{ProxySetting, proxy_for};
pub(crate) use reply::{Lost, MAX_REPLY_LEN, Reply};
pub(crate) use roots::Roots;

use std::cell::Cell;
use std::io::{self, Read};
use std::time::Duration;

use ureq::http::{HeaderMap, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, BodyReader, SendBody};

use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::secret::Secret;
use dial::{CONNECT_TIMEOUT, Dialer};
use failure::{Asked, describe};
use names::Names;
use terms::{BUFFER_LEN, MAX_HEAD_LEN, USER_AGENT};

/// A client for one endpoint. It keeps its connection until it is dropped, so that nothing stands
/// between the arrival of a reply and saving it.
pub(crate) struct Client {
    /// ureq, set up.
    agent: Agent,
    /// The proxy.
    proxy: Option<ProxySetting>,
    /// The CA file that takes the place of the built-in roots.
    ca_file: Option<String>,
    /// The end of the run.
    deadline: Deadline,
    /// The body of the last reply, kept open: closing it is a system call that can wait.
    last_body: Cell<Option<BodyReader<'static>>>,
}

impl Client {
    /// Sets up everything that needs no network.
    pub(crate) fn new(roots: &Roots, proxy: Option<ProxySetting>, deadline: Deadline) -> Self {
        let certificates = match roots.certificates() {
            None => RootCerts::WebPki,
            Some(certificates) => RootCerts::new_with_certs(certificates),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy.as_ref().map(ProxySetting::of_ureq))
            .tls_config(TlsConfig::builder().root_certs(certificates).build())
            .user_agent(USER_AGENT)
            .accept("application/json")
            .max_idle_connections(0)
            .max_response_header_size(MAX_HEAD_LEN)
            .input_buffer_size(BUFFER_LEN)
            .build();
        Self {
            agent: Agent::with_parts(config, Dialer::new(proxy.clone(), deadline), Names),
            proxy,
            ca_file: roots.file().map(str::to_owned),
            deadline,
            last_body: Cell::default(),
        }
    }

    /// Sends the form once and takes the reply, whatever its status. `ends` is fed each piece of
    /// the body as it comes, and nothing more is waited for once it says so.
    ///
    /// # Errors
    /// Where no reply came.
    pub(crate) fn post(
        &self,
        endpoint: &Endpoint,
        form: &Secret,
        ends: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Reply, Lost> {
        let sent = Cell::new(false);
        let body = Form {
            rest: form.expose().as_bytes(),
            sent: &sent,
        };
        match self.send(endpoint, form.expose().len(), body) {
            Ok(response) => Ok(self.received(response, ends)),
            Err(error) if sent.get() => Err(self.asked(endpoint).lost_reply(&error)),
            Err(error) => Err(self.asked(endpoint).not_connected(&error)),
        }
    }

    /// The request itself, up to the head of the reply.
    fn send(
        &self,
        endpoint: &Endpoint,
        length: usize,
        mut form: Form,
    ) -> Result<Response<Body>, ureq::Error> {
        let left = self.deadline.left();
        let url = endpoint.to_string();
        self.agent
            .post(&url)
            .config()
            .timeout_global(Some(left))
            .timeout_connect(Some(left.min(CONNECT_TIMEOUT)))
            // The request line has to fit, however long the URL is.
            .output_buffer_size(BUFFER_LEN + url.len())
            .build()
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Content-Length", length)
            .header("Accept-Encoding", "identity")
            .send(SendBody::from_reader(&mut form))
    }

    /// Who was asked, for what is said of a failure.
    fn asked<'a>(&'a self, endpoint: &'a Endpoint) -> Asked<'a> {
        Asked {
            endpoint,
            proxy: self.proxy.as_ref(),
            ca_file: self.ca_file.as_deref(),
        }
    }

    /// Reads a reply to its end, or as far as it comes: a token may be whole though the body is
    /// not. Where the length is known the end is not read, since ureq closes the connection there.
    fn received(&self, response: Response<Body>, ends: &mut dyn FnMut(&[u8]) -> bool) -> Reply {
        let (head, body) = response.into_parts();
        let limit = MAX_REPLY_LEN as u64 + 1;
        let len = body.content_length().map_or(limit, |len| len.min(limit));
        let mut bytes = Vec::new();
        let mut reader = body.into_reader();
        let end = read(&mut reader.by_ref().take(len), &mut bytes, ends);
        self.last_body.set(Some(reader));
        Reply {
            status: head.status.as_u16(),
            retry_after: retry_after(&head.headers),
            location: text(&head.headers, "location"),
            content_encoding: text(&head.headers, "content-encoding"),
            body: bytes,
            cut_short: end.err().map(|error| describe(&error.into())),
        }
    }
}

/// Reads until the end, or until `ends` has seen enough.
fn read(
    reader: &mut impl Read,
    bytes: &mut Vec<u8>,
    ends: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let mut piece = [0; BUFFER_LEN];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(()),
            len => {
                bytes.extend_from_slice(&piece[..len]);
                if ends(&piece[..len]) {
                    return Ok(());
                }
            }
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

/// The value of a header, whatever its bytes are.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// `Retry-After` in seconds, of which more than can be counted are `Duration::MAX`; its other form, a
/// date, is not taken.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, "retry-after")?;
    let digits = value.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| digits.parse().map_or(Duration::MAX, Duration::from_secs))
}
