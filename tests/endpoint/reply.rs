//! What the endpoint sends back, faithful or hostile.
//!
//! A reply starts as a correct one and is then made worse: a wrong length, an end in the middle, a
//! byte at a time. It becomes bytes only when it is sent, in a single write unless it drips.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use super::gate::Gate;
use super::wire::Channel;

/// What happens to the connection after a reply, or in the middle of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The next request is awaited.
    KeepOpen,
    /// The connection is closed as it should be, with a TLS goodbye.
    Close,
    /// The connection is closed without a TLS goodbye, as an attacker cuts it.
    HangUp,
    /// The connection is reset.
    Reset,
    /// Nothing happens any more until the client goes away.
    Stall,
    /// Bytes that are no TLS come on a TLS connection.
    Junk,
    /// The client talks to the server at this address from now on, as through a proxy.
    Tunnel(SocketAddr),
}

/// How a client is to know where the body ends.
#[derive(Clone, Copy, Debug)]
enum Framing {
    /// `Content-Length`, as given or else the true one.
    Length(Option<usize>),
    /// `Transfer-Encoding: chunked`, in two chunks.
    Chunked,
    /// The connection is closed.
    UntilClose,
    /// There is no head: the body is all that is sent.
    Raw,
}

/// A scripted reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// What the status line starts with.
    version: &'static str,
    /// The status code of a provisional reply to send before.
    interim: Option<u16>,
    /// Headers beside those that frame the body.
    headers: Vec<(String, String)>,
    /// The body, before it is framed.
    body: Vec<u8>,
    /// How the body's end shows.
    framing: Framing,
    /// How many bytes of the framed body are sent.
    limit: usize,
    /// The reply waits for this to open.
    gate: Option<Gate>,
    /// The pause after each byte, if bytes are sent one at a time.
    drip: Option<Duration>,
    /// What comes afterwards.
    ending: Ending,
}

impl Reply {
    /// A reply without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            version: "HTTP/1.1",
            interim: None,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length(None),
            limit: usize::MAX,
            gate: None,
            drip: None,
            ending: Ending::KeepOpen,
        }
    }

    /// A JSON reply with any bytes as its body.
    pub(crate) fn json(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::status(status)
            .header("Content-Type", "application/json;charset=UTF-8")
            .body(body)
    }

    /// Exactly these bytes, then a clean close.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            framing: Framing::Raw,
            ..Self::status(0).body(bytes).then(Ending::Close)
        }
    }

    /// No reply at all: the request is read, then this happens.
    pub(crate) fn nothing(ending: Ending) -> Self {
        Self::raw("").then(ending)
    }

    /// What other servers answer to bytes that are no HTTP.
    pub(super) fn bad_request() -> Self {
        Self::status(400).then(Ending::Close)
    }

    /// Adds many headers, each with a name of its own.
    pub(crate) fn headers(self, count: usize) -> Self {
        let number = |reply: Self, number| reply.header(&format!("X-{number}"), "1");
        (0..count).fold(self, number)
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Claims another `Content-Length` than the true one.
    pub(crate) fn claiming_length(mut self, length: usize) -> Self {
        self.framing = Framing::Length(Some(length));
        self
    }

    /// Sends the body in two chunks.
    pub(crate) fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Names no length: the body ends with the connection.
    pub(crate) fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self.then(Ending::Close)
    }

    /// Answers as an HTTP/1.0 server does.
    pub(crate) fn http10(mut self) -> Self {
        self.version = "HTTP/1.0";
        self.until_close()
    }

    /// Sends a provisional reply such as `100` or `103` first.
    pub(crate) fn interim(mut self, status: u16) -> Self {
        self.interim = Some(status);
        self
    }

    /// Holds the reply back until the gate opens; dropping the endpoint opens it.
    pub(crate) fn after(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Sends one byte at a time, with this pause after each.
    pub(crate) fn dripping(mut self, pause: Duration) -> Self {
        self.drip = Some(pause);
        self
    }

    /// Sends no more than `length` bytes of the body as it is framed, then lets this happen.
    pub(crate) fn cut(mut self, length: usize, ending: Ending) -> Self {
        self.limit = length;
        self.then(ending)
    }

    /// Says what becomes of the connection afterwards.
    pub(crate) fn then(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// What the reply has to wait for.
    pub(super) fn gate(&self) -> Option<&Gate> {
        self.gate.as_ref()
    }

    /// Whether another request may follow on the connection.
    pub(super) fn keeps_open(&self) -> bool {
        self.ending == Ending::KeepOpen
    }

    /// Sends the reply and lets its ending happen; a reset happens when the channel is dropped.
    pub(super) fn send(&self, channel: &mut Channel, pause: impl Fn(Duration)) -> io::Result<()> {
        self.transmit(channel, pause)?;
        match self.ending {
            Ending::KeepOpen | Ending::Reset => Ok(()),
            Ending::Close => channel.close(),
            Ending::HangUp => channel.wire().finish(),
            Ending::Stall => channel.wire().drain(),
            Ending::Junk => {
                channel.wire().write_all(b"no TLS record")?;
                channel.wire().finish()
            }
            Ending::Tunnel(server) => channel.tunnel(server),
        }
    }

    /// Writes the bytes of the reply, at once or one after the other.
    fn transmit(&self, channel: &mut Channel, pause: impl Fn(Duration)) -> io::Result<()> {
        let bytes = self.bytes();
        let Some(drip) = self.drip else {
            channel.write_all(&bytes)?;
            return channel.flush();
        };
        for byte in bytes {
            channel.write_all(&[byte])?;
            channel.flush()?;
            pause(drip);
        }
        Ok(())
    }

    /// The bytes to send.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head().into_bytes();
        let body = self.framed_body();
        bytes.extend_from_slice(&body[..body.len().min(self.limit)]);
        bytes
    }

    /// Everything before the body.
    fn head(&self) -> String {
        let framing = match self.framing {
            Framing::Raw => return String::new(),
            Framing::Length(length) => {
                format!("Content-Length: {}\r\n", length.unwrap_or(self.body.len()))
            }
            Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
            Framing::UntilClose => String::new(),
        };
        let interim = self.interim.map_or_else(String::new, |status| {
            format!("HTTP/1.1 {status} {}\r\n\r\n", reason(status))
        });
        let headers = self.headers.iter();
        let headers: String = headers
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
            .collect();
        let (version, status) = (self.version, self.status);
        let reason = reason(status);
        format!("{interim}{version} {status} {reason}\r\n{headers}{framing}\r\n")
    }

    /// The body as its framing wants it.
    fn framed_body(&self) -> Vec<u8> {
        match self.framing {
            Framing::Chunked => chunks(&self.body),
            _ => self.body.clone(),
        }
    }
}

/// The body in two chunks and the one that ends it.
fn chunks(body: &[u8]) -> Vec<u8> {
    let (first, second) = body.split_at(body.len() / 2);
    let mut framed = Vec::new();
    for chunk in [first, second].into_iter().filter(|it| !it.is_empty()) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

/// The words that go with a status; clients must not need them.
fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        103 => "Early Hints",
        200 => "OK",
        302 => "Found",
        400 => "Bad Request",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Scripted",
    }
}
