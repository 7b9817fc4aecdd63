//! A connection whose input buffer grows with what comes.
//!
//! ureq's own buffers have one size and are cleared before use: to take heads of 64 KiB they would
//! cost a sixth of all instructions of a run. So ureq's transports below have small ones, and what
//! ureq has not used yet is kept here.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

/// A connection as ureq uses it.
#[derive(Debug)]
pub(super) struct Buffered {
    /// The connection below.
    line: Box<dyn Transport>,
    /// Whether TLS reaches to the end of the line: that with a proxy does not.
    is_tls: bool,
    /// What came, from its beginning or from what ureq has not used yet.
    input: Vec<u8>,
    /// How much of `input` was used.
    used: usize,
    /// Whether ureq could use anything when it looked last.
    has_progressed: bool,
}

impl Buffered {
    /// Nothing has come yet.
    pub(super) fn new(line: Box<dyn Transport>, is_tls: bool) -> Self {
        Self {
            line,
            is_tls,
            input: Vec::new(),
            used: 0,
            has_progressed: false,
        }
    }

    /// Moves what came out of the small buffer below.
    fn take_in(&mut self) {
        drop(self.input.drain(..self.used));
        self.used = 0;
        let buffers = self.line.buffers();
        let came = buffers.input();
        let len = came.len();
        self.input.extend_from_slice(came);
        buffers.input_consume(len);
    }
}

impl Transport for Buffered {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.line.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let has_come = self.line.await_input(timeout)?;
        self.take_in();
        Ok(has_come)
    }

    /// No connection serves twice.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Buffers for Buffered {
    fn output(&mut self) -> &mut [u8] {
        self.line.buffers().output()
    }

    fn input(&self) -> &[u8] {
        &self.input[self.used..]
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.line.buffers().input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.line.buffers().input_appended(amount);
        self.take_in();
    }

    fn input_consume(&mut self, amount: usize) {
        self.has_progressed = amount > 0;
        self.used += amount;
        if self.used == self.input.len() {
            self.input.clear();
            self.used = 0;
        }
    }

    /// ureq needs no scratch buffer for a body of known length.
    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut [], self.line.buffers().output())
    }

    fn can_use_input(&self) -> bool {
        !self.input().is_empty() && self.has_progressed
    }
}
