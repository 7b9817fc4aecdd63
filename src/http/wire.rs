//! A TCP connection as ureq wants it; ureq's own can only be had with ureq's own way to connect.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// A socket and its buffers.
#[derive(Debug)]
pub(super) struct Wire {
    /// The socket.
    stream: TcpStream,
    /// What ureq writes into, and reads from.
    buffers: LazyBuffers,
}

impl Wire {
    /// Wraps a fresh connection.
    pub(super) fn new(stream: TcpStream, buffers: LazyBuffers) -> io::Result<Self> {
        // What is sent is sent in few pieces, and none has to wait for the next.
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffers })
    }
}

impl Transport for Wire {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let left = left(timeout, Instant::now())?;
        self.stream.set_write_timeout(Some(left))?;
        let written = self.stream.write_all(&self.buffers.output()[..amount]);
        written.map_err(|error| named(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let start = Instant::now();
        loop {
            let left = left(timeout, start)?;
            self.stream.set_read_timeout(Some(left))?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(length) => {
                    self.buffers.input_appended(length);
                    return Ok(length > 0);
                }
                // A signal: Linux does not start a read with a time limit anew by itself.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(named(error, timeout)),
            }
        }
    }

    /// No connection serves twice.
    fn is_open(&mut self) -> bool {
        false
    }
}

/// What is left of a time limit that began at `start`.
fn left(timeout: NextTimeout, start: Instant) -> Result<Duration, Error> {
    match timeout.after.saturating_sub(start.elapsed()) {
        Duration::ZERO => Err(Error::Timeout(timeout.reason)),
        left => Ok(left),
    }
}

/// A failure of the socket; the kernel calls the end of its time limit by two names.
fn named(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => Error::Io(error),
    }
}
