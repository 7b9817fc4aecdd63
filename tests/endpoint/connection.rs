//! The threads of an endpoint: one that accepts, and one for each connection.
//!
//! They share a ledger of what has happened. It is what tests read and wait for, and what lets the
//! endpoint end all of them: sockets are shut down, gates opened and pauses cut short.

use std::collections::HashMap;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustls::ServerConfig;

use super::gate::Gate;
use super::reply::Reply;
use super::request::Request;
use super::script::Script;
use super::wire::{Channel, Wire};

/// How long a test waits for a client before it fails: far more than a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a new connection meets, before any request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Greeting {
    /// A working server.
    Serve,
    /// Silence until the client goes away: neither TLS nor HTTP.
    Silence,
    /// These bytes, then the end: a server of another protocol.
    Say(&'static [u8]),
    /// A TCP reset in answer to the first byte.
    Reset,
    /// A TCP reset after the handshake; without TLS the same as [`Greeting::Reset`].
    ResetAfterHandshake,
}

/// What the threads of one endpoint share.
pub(super) struct Shared {
    /// Answers the requests.
    script: Script,
    /// What the connections meet.
    greetings: Vec<Greeting>,
    /// Set if the endpoint speaks TLS.
    tls: Option<Arc<ServerConfig>>,
    /// What has happened so far.
    ledger: Mutex<Ledger>,
    /// Signals every change of the ledger.
    changed: Condvar,
}

/// What has happened at an endpoint so far.
#[derive(Default)]
pub(super) struct Ledger {
    /// Set when the endpoint is being dropped.
    stopping: bool,
    /// Connections accepted.
    pub(super) connections: usize,
    /// Requests read.
    pub(super) requests: Vec<Request>,
    /// Connections to shut down at the end, by number.
    open: HashMap<usize, Arc<TcpStream>>,
    /// Gates to open at the end, since replies may wait at them.
    gates: Vec<Gate>,
}

impl Shared {
    /// The state of an endpoint to which nothing has happened yet.
    pub(super) fn new(
        script: Script,
        greetings: Vec<Greeting>,
        tls: Option<Arc<ServerConfig>>,
    ) -> Self {
        Self {
            script,
            greetings,
            tls,
            ledger: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// The ledger, whatever became of other threads.
    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the ledger satisfies `condition`; false if it did not within [`PATIENCE`].
    pub(super) fn wait_until(&self, condition: impl Fn(&Ledger) -> bool) -> bool {
        let waited = self
            .changed
            .wait_timeout_while(self.ledger(), PATIENCE, |ledger| !condition(ledger));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Lets time pass, but not beyond the end of the endpoint.
    fn pause(&self, duration: Duration) {
        drop(
            self.changed
                .wait_timeout_while(self.ledger(), duration, |ledger| !ledger.stopping),
        );
    }

    /// Ends every connection and every wait.
    pub(super) fn stop(&self) {
        let mut ledger = self.ledger();
        ledger.stopping = true;
        for stream in ledger.open.values() {
            // It fails only where the client has already gone.
            let _ = stream.shutdown(Shutdown::Both);
        }
        ledger.gates.drain(..).for_each(|gate| gate.open());
        self.changed.notify_all();
    }

    /// Counts a connection; none if the endpoint is being dropped.
    fn admit(&self, stream: TcpStream) -> Option<Connection<'_>> {
        let mut ledger = self.ledger();
        if ledger.stopping {
            return None;
        }
        ledger.connections += 1;
        let number = ledger.connections;
        let stream = Arc::new(stream);
        ledger.open.insert(number, Arc::clone(&stream));
        self.changed.notify_all();
        Some(Connection {
            shared: self,
            number,
            stream,
        })
    }

    /// Remembers a request and gives it its number.
    fn record(&self, mut request: Request) -> Request {
        let mut ledger = self.ledger();
        request.number = ledger.requests.len() + 1;
        ledger.requests.push(request.clone());
        self.changed.notify_all();
        request
    }

    /// Waits until `gate` opens or the endpoint is dropped.
    fn wait_at(&self, gate: &Gate) {
        let mut ledger = self.ledger();
        if !ledger.stopping {
            ledger.gates.push(gate.clone());
            drop(ledger);
            gate.wait();
        }
    }
}

/// Gives every connection a thread until the endpoint is dropped, then waits for them to end.
pub(super) fn accept(listener: &TcpListener, shared: &Shared) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            // A client that is gone before it was accepted is no connection.
            let Ok(stream) = stream else { continue };
            let Some(connection) = shared.admit(stream) else {
                break;
            };
            // A client may go away at any moment: that ends its connection and nothing else.
            scope.spawn(move || drop(connection.serve()));
        }
    });
}

/// One accepted connection, in a thread of its own.
struct Connection<'a> {
    /// The endpoint it belongs to.
    shared: &'a Shared,
    /// Its number, counted from 1.
    number: usize,
    /// The socket.
    stream: Arc<TcpStream>,
}

impl Connection<'_> {
    /// Greets the client, then answers its requests until one side has had enough.
    fn serve(&self) -> io::Result<()> {
        self.stream.set_nodelay(true)?;
        let Some(channel) = self.greet(Wire::new(Arc::clone(&self.stream)))? else {
            return Ok(());
        };
        let mut channel = BufReader::new(channel);
        while let Some(request) = self.next_request(&mut channel)? {
            if !self.answer(request, channel.get_mut())? {
                break;
            }
        }
        Ok(())
    }

    /// The next request; none if the client has closed the connection or does not speak HTTP.
    fn next_request(&self, channel: &mut BufReader<Channel>) -> io::Result<Option<Request>> {
        match Request::read(channel, self.number) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Reply::bad_request()
                .send(channel.get_mut(), |_| ())
                .map(|()| None),
            request => request,
        }
    }

    /// Plays the greeting of this connection; none if the connection ends with it.
    fn greet(&self, mut wire: Wire) -> io::Result<Option<Channel>> {
        match self.greeting() {
            Greeting::Serve => self.channel(wire).map(Some),
            Greeting::Silence => wire.drain().map(|()| None),
            Greeting::Say(bytes) => {
                wire.write_all(bytes)?;
                wire.finish().map(|()| None)
            }
            Greeting::ResetAfterHandshake if self.shared.tls.is_some() => {
                self.channel(wire).map(|_| None)
            }
            Greeting::Reset | Greeting::ResetAfterHandshake => wire.await_byte().map(|()| None),
        }
    }

    /// What the script has for this connection.
    fn greeting(&self) -> Greeting {
        let greetings = &self.shared.greetings;
        greetings[self.number.min(greetings.len()) - 1]
    }

    /// Shakes hands if the endpoint speaks TLS.
    fn channel(&self, wire: Wire) -> io::Result<Channel> {
        match &self.shared.tls {
            Some(config) => Channel::tls(wire, Arc::clone(config)),
            None => Ok(Channel::Plain(wire)),
        }
    }

    /// Answers one request; false if the connection is over.
    fn answer(&self, request: Request, channel: &mut Channel) -> io::Result<bool> {
        let request = self.shared.record(request);
        let reply = (self.shared.script)(&request);
        if let Some(gate) = reply.gate() {
            self.shared.wait_at(gate);
        }
        reply.send(channel, |duration| self.shared.pause(duration))?;
        Ok(reply.keeps_open())
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.shared.ledger().open.remove(&self.number);
    }
}
