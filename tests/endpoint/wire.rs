//! The bytes below HTTP: a TCP connection that can be reset on purpose, with or without TLS.
//!
//! The standard library has no way to ask for a reset, but the kernel sends one when a socket is
//! closed while received bytes are still unread. So bytes are handed out as soon as they are there,
//! but taken from the kernel only when more are wanted: dropping a [`Wire`] resets the connection,
//! and a clean end has to be asked for.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A TCP connection that always leaves the last bytes it handed out unread.
pub(super) struct Wire {
    /// The socket.
    stream: Arc<TcpStream>,
    /// How many bytes were handed out but not yet taken from the kernel.
    handed_out: usize,
}

impl Wire {
    /// Wraps a fresh connection.
    pub(super) fn new(stream: Arc<TcpStream>) -> Self {
        Self {
            stream,
            handed_out: 0,
        }
    }

    /// Waits until the client has sent something.
    pub(super) fn await_byte(&mut self) -> io::Result<()> {
        self.read_exact(&mut [0])
    }

    /// Reads and forgets until the client goes away.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(drop)
    }

    /// Ends the connection cleanly as far as TCP goes.
    ///
    /// The client has to leave first: bytes that it sends to a closed socket would be answered
    /// with a reset, which can destroy what it has not read yet.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.drain()
    }

    /// Carries bytes to another server and back until the client goes away.
    fn tunnel(&mut self, server: SocketAddr) -> io::Result<()> {
        let server = TcpStream::connect(server)?;
        let client = Arc::clone(&self.stream);
        thread::scope(|scope| {
            scope.spawn(|| {
                // However the server ends, the client learns that it has.
                let _ = io::copy(&mut &server, &mut &*client);
                client.shutdown(Shutdown::Write)
            });
            let sent = io::copy(self, &mut &server).map(drop);
            sent.and(server.shutdown(Shutdown::Both))
        })
    }

    /// Takes from the kernel what was handed out.
    fn settle(&mut self) -> io::Result<()> {
        let mut scratch = [0; 4096];
        while self.handed_out > 0 {
            let length = self.handed_out.min(scratch.len());
            (&*self.stream).read_exact(&mut scratch[..length])?;
            self.handed_out -= length;
        }
        Ok(())
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.settle()?;
        self.handed_out = self.stream.peek(buffer)?;
        Ok(self.handed_out)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What HTTP is spoken over.
pub(super) enum Channel {
    /// Plain TCP.
    Plain(Wire),
    /// TLS after its handshake.
    Tls(Box<StreamOwned<ServerConnection, Wire>>),
}

impl Channel {
    /// Shakes hands; an error if the client and the endpoint do not agree.
    pub(super) fn tls(mut wire: Wire, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut connection = ServerConnection::new(config).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            if let Err(error) = connection.complete_io(&mut wire) {
                // The client has to see the alert, not a reset.
                wire.finish()?;
                return Err(error);
            }
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, wire))))
    }

    /// The connection below.
    pub(super) fn wire(&mut self) -> &mut Wire {
        match self {
            Self::Plain(wire) => wire,
            Self::Tls(stream) => &mut stream.sock,
        }
    }

    /// Carries bytes to another server and back until the client goes away.
    pub(super) fn tunnel(&mut self, server: SocketAddr) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.tunnel(server),
            Self::Tls(stream) => tunnel_in_tls(stream, server),
        }
    }

    /// Says goodbye and ends the connection cleanly.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if let Self::Tls(stream) = self {
            stream.conn.send_close_notify();
            stream.flush()?;
        }
        self.wire().finish()
    }
}

/// The same within TLS. Each side waits without holding the TLS state, which both need.
fn tunnel_in_tls(
    stream: &mut StreamOwned<ServerConnection, Wire>,
    server: SocketAddr,
) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let client = Arc::clone(&stream.sock.stream);
    stream.sock.settle()?;
    let tls = Mutex::new(&mut stream.conn);
    thread::scope(|scope| {
        scope.spawn(|| {
            // However the server ends, the client learns that it has.
            let _ = encrypt(&server, &client, &tls);
            client.shutdown(Shutdown::Both)
        });
        let sent = decrypt(&client, &server, &tls);
        sent.and(server.shutdown(Shutdown::Both))
    })
}

/// What the server says, to the client.
fn encrypt(
    mut server: &TcpStream,
    mut client: &TcpStream,
    tls: &Mutex<&mut ServerConnection>,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = server.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut tls = tls.lock().unwrap_or_else(PoisonError::into_inner);
        tls.writer().write_all(&buffer[..length])?;
        while tls.wants_write() {
            tls.write_tls(&mut client)?;
        }
    }
}

/// What the client says, to the server.
fn decrypt(
    mut client: &TcpStream,
    mut server: &TcpStream,
    tls: &Mutex<&mut ServerConnection>,
) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = client.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..length];
        let mut tls = tls.lock().unwrap_or_else(PoisonError::into_inner);
        while !rest.is_empty() {
            tls.read_tls(&mut rest)?;
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            let mut plain = vec![0; state.plaintext_bytes_to_read()];
            tls.reader().read_exact(&mut plain)?;
            server.write_all(&plain)?;
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
