//! Which of a host's addresses is used: the first that answers.
//!
//! A host may have addresses that lead nowhere, most often IPv6 ones on a machine without IPv6. A
//! lost SYN is only noticed by its silence, so the next address is tried before the last one has
//! failed, as RFC 8305 has it. Each attempt but the only one needs a thread, since the standard
//! library has no other way to wait for two connections at once.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::mailbox::Mailbox;

/// How long one address may stay silent before the next one is tried (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// How long after the first attempt the last one begins, so that no number of dead addresses costs
/// more than half a second.
const ALL_BEGUN: Duration = Duration::from_millis(400);

/// A connection to one of the addresses, the first that takes it.
///
/// # Errors
/// The failure of the attempt that ended last; `TimedOut` at `until`.
pub(super) fn connect(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    match *addresses {
        [only] => attempt(only, until),
        _ => race(&interleaved(addresses), until),
    }
}

/// The time until an instant, zero once it has passed.
fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// One attempt.
fn attempt(address: SocketAddr, until: Instant) -> io::Result<TcpStream> {
    match left(until) {
        Duration::ZERO => Err(ErrorKind::TimedOut.into()),
        left => TcpStream::connect_timeout(&address, left),
    }
}

/// The addresses with the two families in turn (RFC 8305, section 4): often one family is dead.
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_second = |address: &SocketAddr| address.is_ipv4() != addresses[0].is_ipv4();
    let (second, first): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_second);
    let mut ranked: Vec<_> = first.into_iter().enumerate().collect();
    ranked.extend(second.into_iter().enumerate());
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

/// Attempts that begin one after the other: whenever one fails, or has had its head start.
fn race(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let results = Mailbox::new();
    let mut failure = io::Error::from(ErrorKind::TimedOut);
    let (mut begun, mut failed) = (0, 0);
    while failed < addresses.len() {
        // Every attempt ends by itself, at `until` if not before.
        let mut patience = Duration::MAX;
        if let Some(address) = addresses.get(begun) {
            if start(*address, until, results.share()).is_err() {
                return one_by_one(addresses, until);
            }
            begun += 1;
            patience = head_start(addresses.len());
        }
        match results.take(patience) {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(error)) => (failure, failed) = (error, failed + 1),
            None => {}
        }
    }
    Err(failure)
}

/// The head start of each of so many addresses.
fn head_start(count: usize) -> Duration {
    // The last one needs none.
    HEAD_START.min(part(ALL_BEGUN, count - 1))
}

/// One of so many equal parts; the whole where there is but one, or none.
fn part(whole: Duration, count: usize) -> Duration {
    whole / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

/// Begins an attempt in a thread of its own, which ends with it or with the process. What it
/// connects when another address has won is closed with the mailbox.
fn start(
    address: SocketAddr,
    until: Instant,
    results: Mailbox<io::Result<TcpStream>>,
) -> io::Result<()> {
    let attempt = move || results.leave(attempt(address, until));
    thread::Builder::new().spawn(attempt).map(drop)
}

/// The attempts in turn, where there is no thread to be had: each has its share of the time.
fn one_by_one(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(ErrorKind::TimedOut);
    for (address, remaining) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = part(left(until), remaining);
        match attempt(*address, Instant::now() + share) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_and_the_first_keeps_its_place() {
        let parsed = |list: &[&str]| -> Vec<SocketAddr> {
            let addresses = list.iter().map(|it| it.parse().expect("an address"));
            addresses.collect()
        };
        let given = parsed(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let ordered = parsed(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(interleaved(&given), ordered);
    }

    #[test]
    fn head_starts_are_shared_out_so_that_the_last_attempt_begins_in_time() {
        let rows = [(2, 250), (3, 200), (5, 100), (9, 50), (16, 26)];
        for (count, milliseconds) in rows {
            assert_eq!(head_start(count).as_millis(), milliseconds, "{count}");
        }
    }

    #[test]
    fn attempts_without_threads_are_made_in_turn() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a listener");
        let good = listener.local_addr().expect("its address");
        let nobody = "127.0.0.1:1".parse().expect("an address");
        let until = Instant::now() + Duration::from_secs(20);
        let stream = one_by_one(&[nobody, good], until).expect("a connection");
        assert_eq!(stream.peer_addr().ok(), Some(good));
        let refused = one_by_one(&[nobody, nobody], until).expect_err("nobody is there");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
}
