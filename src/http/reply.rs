//! What comes of a POST: a reply, or the reason why there is none.

use std::time::Duration;

use crate::error::Error;

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
    /// Whether the form was sent, so that the server may have processed it.
    pub(crate) was_sent: bool,
    /// Whether it is the host that cannot be reached, and no proxy before it.
    pub(crate) is_about_the_host: bool,
}

impl Lost {
    /// A failure before the form was sent, which another try may not meet.
    pub(super) fn before_sending(error: Error) -> Self {
        Self {
            again: true,
            ..Self::for_good(error)
        }
    }

    /// The same where there is no way to the host.
    pub(super) fn no_way_to_host(error: Error) -> Self {
        Self {
            is_about_the_host: true,
            ..Self::before_sending(error)
        }
    }

    /// A failure that another try would meet too.
    pub(super) fn for_good(error: Error) -> Self {
        Self {
            error,
            again: false,
            was_sent: false,
            is_about_the_host: false,
        }
    }

    /// A failure after the form was sent.
    pub(super) fn after_sending(error: Error) -> Self {
        Self {
            was_sent: true,
            ..Self::for_good(error)
        }
    }
}
