//! The token request of RFC 6749, section 6, and what the replies mean.
//!
//! Pure: [`request`] makes the form that is sent and knows which secrets a server may repeat;
//! `verdict` sorts what came back into the classes of the exit codes, by the table in [`meaning`];
//! [`refusal`] has the words. The rules are by the behaviour of Salesforce, not by the RFC alone:
//! which `error` codes exist, and which of them mean "send the same again".

mod meaning;
mod refusal;
mod request;
mod verdict;

pub(crate) use refusal::Refusal;
pub(crate) use request::TokenRequest;
pub(crate) use verdict::verdict;
