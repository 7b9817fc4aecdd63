//! FILE as it was before the lock, which tells what another run has done meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::document::Document;
use crate::error::Error;
use crate::secret::Secret;
use crate::store::TokenFile;

/// FILE as it was before the lock.
pub(super) struct Before {
    /// Its content.
    pub(super) bytes: Vec<u8>,
    /// The document in it, if it was one and nobody has needed it yet.
    pub(super) document: Option<Document>,
    /// The token in it.
    access_token: Option<Secret>,
    /// When it was read, since 1970.
    read_at: Duration,
    /// How old the token was then.
    age: Option<Duration>,
}

impl Before {
    /// Reads FILE; one that is no document may be in the middle of a save, so that is no error yet.
    pub(super) fn read(file: &TokenFile) -> Result<Self, Error> {
        let bytes = file.read()?;
        let document = Document::parse(&bytes).ok();
        // Before 1970 nothing is of any age.
        let read_at = SystemTime::now().duration_since(UNIX_EPOCH);
        let read_at = read_at.unwrap_or_default();
        Ok(Self {
            access_token: document.as_ref().and_then(Document::access_token),
            age: document.as_ref().and_then(|it| it.age(read_at)),
            bytes,
            document,
            read_at,
        })
    }

    /// Whether a later document has another token than there was.
    pub(super) fn lacks_token_of(&self, later: &Document) -> bool {
        let later = later.access_token();
        later.is_some() && later != self.access_token
    }

    /// Whether a later document was issued later, by what both say.
    pub(super) fn was_issued_before(&self, later: &Document) -> bool {
        let later = later.age(self.read_at);
        later.is_some_and(|later| self.age.is_none_or(|age| later < age))
    }
}
