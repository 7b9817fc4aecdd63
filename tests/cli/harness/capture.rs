//! What a stream brings while somebody waits for a part of it.

use std::io::{PipeReader, Read};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

/// What a stream has brought so far, filled by a thread of its own.
pub(super) struct Capture(Arc<(Mutex<Captured>, Condvar)>);

/// The state of a captured stream.
#[derive(Default)]
struct Captured {
    /// All bytes so far.
    bytes: Vec<u8>,
    /// Set when no more can come.
    has_ended: bool,
}

impl Capture {
    /// Reads the stream to its end in the background.
    pub(super) fn start(mut stream: PipeReader) -> Self {
        let shared = Arc::new((Mutex::default(), Condvar::new()));
        let capture = Self(Arc::clone(&shared));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // A stream that cannot be read has ended.
                let length = stream.read(&mut buffer).unwrap_or(0);
                Self(Arc::clone(&shared)).add(&buffer[..length]);
                if length == 0 {
                    break;
                }
            }
        });
        capture
    }

    /// Adds bytes; none mean that the stream has ended.
    fn add(&self, bytes: &[u8]) {
        let (captured, changed) = &*self.0;
        let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        captured.bytes.extend_from_slice(bytes);
        captured.has_ended = bytes.is_empty();
        changed.notify_all();
    }

    /// Waits for the condition, the end of the stream or the deadline; returns all bytes so far.
    pub(super) fn wait_until(
        &self,
        deadline: Instant,
        condition: impl Fn(&[u8]) -> bool,
    ) -> Vec<u8> {
        let (captured, changed) = &*self.0;
        let captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = changed.wait_timeout_while(captured, left, |captured| {
            !captured.has_ended && !condition(&captured.bytes)
        });
        let (captured, _) = waited.unwrap_or_else(PoisonError::into_inner);
        captured.bytes.clone()
    }
}
