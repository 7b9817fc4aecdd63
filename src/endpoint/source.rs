//! Who decided where the secrets go: the wrong host is the commonest cause of a refusal, so messages
//! say.

use std::fmt;

/// What decided the host of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostSource {
    /// The caller, by this option or variable.
    Given(&'static str),
    /// The document, by this member.
    Member(&'static str),
    /// The auth URL of the Salesforce CLI, which came in place of a document.
    AuthUrl,
    /// Nobody.
    Default,
}

impl fmt::Display for HostSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(source) => f.write_str(source),
            Self::Member(name) => write!(f, "{name} in the document"),
            Self::AuthUrl => f.write_str("the auth URL"),
            Self::Default => f.write_str("the default"),
        }
    }
}
