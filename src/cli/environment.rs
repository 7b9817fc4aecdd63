//! The variables of the environment. An empty one counts as absent.

use std::ffi::OsString;

use super::values::{text_pasted, utf8};
use crate::error::Error;
use crate::http::ProxySetting;
use crate::settings::Sourced;

/// Looks up a variable.
pub(super) type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// A variable that is set and not empty.
pub(super) fn present(environment: Environment, name: &str) -> Option<OsString> {
    environment(name).filter(|value| !value.is_empty())
}

/// A variable that is text.
pub(super) fn variable(
    environment: Environment,
    name: &'static str,
) -> Result<Option<Sourced<String>>, Error> {
    present(environment, name)
        .map(|value| utf8(value, name))
        .transpose()
}

/// A variable that holds an id or a secret; white space alone counts as nothing.
pub(super) fn pasted_variable(
    environment: Environment,
    name: &'static str,
) -> Result<Option<Sourced<String>>, Error> {
    let variable = variable(environment, name)?.map(text_pasted).transpose()?;
    Ok(variable.filter(|variable| !variable.value.is_empty()))
}

/// The first of several variables that is present.
pub(super) fn first_of(
    environment: Environment,
    names: &[&'static str],
) -> Result<Option<Sourced<String>>, Error> {
    let present = names
        .iter()
        .find(|name| present(environment, name).is_some());
    present.map_or(Ok(None), |name| variable(environment, name))
}

/// The proxy for `https`; lower case goes first, as in curl.
pub(super) fn proxy(environment: Environment) -> Result<Option<ProxySetting>, Error> {
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    first_of(environment, &names)?
        .map(|url| ProxySetting::parse(&url.value, url.source))
        .transpose()
}
