//! Values with their source: messages name it, and it decides which value goes before another.

use crate::document::Document;
use crate::input::Input;
use crate::secret::Secret;

/// A value, and what gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// An option, a variable or a member of the document.
    pub(crate) source: &'static str,
}

impl<T> Sourced<T> {
    /// Whether the caller's value goes before the document's. The client of an auth URL belongs to its
    /// token: only an option, which starts with a dash as no variable does, can mean another one.
    pub(super) fn goes_before(&self, document: &Document) -> bool {
        self.source.starts_with('-') || !document.is_from_auth_url()
    }
}

/// Where the client secret comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// `--client-secret-file`
    File(Input),
    /// The variable.
    Environment(Secret),
}
