//! The requests of RFC 6749, sections 4.1 and 6, and what the replies mean.
//!
//! Pure: [`authorization`] has the addresses of a login, [`request`] the form that is sent, and
//! which secrets a server may repeat. [`whole`] sees where a reply ends and [`body`] what it is;
//! `verdict` sorts it into the classes of the exit codes, by the table in [`meaning`]; [`refusal`]
//! and [`words`] have what is said of it, and [`remains`] what must not be lost with it. The rules
//! are by the behaviour of Salesforce, not by the RFC alone: which `error` codes exist, and which of
//! them mean "send the same again".

mod authorization;
mod body;
mod browser;
mod form;
#[cfg(test)]
mod fuzz;
mod meaning;
#[cfg(test)]
#[path = "../tests/mutations.rs"]
mod mutations;
mod not_allowed;
mod pkce;
mod refusal;
mod remains;
mod request;
mod shown;
mod verdict;
mod whole;
mod words;

pub(crate) use authorization::{Authorization, Landing};
pub(crate) use refusal::Refusal;
pub(crate) use remains::Remains;
pub(crate) use request::{Grant, TokenRequest};
pub(crate) use verdict::{Tokens, verdict};
pub(crate) use whole::Whole;
