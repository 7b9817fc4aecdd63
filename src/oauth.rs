//! The requests of RFC 6749, sections 4.1 and 6, and what the replies mean.
//!
//! Pure: [`authorization`] has the addresses of a login, [`request`] makes the form that is sent and knows which secrets a server may repeat;
//! [`whole`] sees where a reply ends and [`body`] what it is; `verdict` sorts it into the classes of
//! the exit codes, by the table in [`meaning`]; [`refusal`] has the words. The rules are by the behaviour of Salesforce, not by the RFC alone:
//! which `error` codes exist, and which of them mean "send the same again".

mod authorization;
mod body;
mod form;
mod meaning;
mod pkce;
mod refusal;
mod request;
mod verdict;
mod whole;

pub(crate) use authorization::{Authorization, Landing};
pub(crate) use refusal::{Refusal, Remains};
pub(crate) use request::{Grant, TokenRequest};
pub(crate) use verdict::{Tokens, verdict};
pub(crate) use whole::Whole;
