//! The values that options can have, read from their text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use super::complaint::{invalid, usage};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::input::Input;
use crate::print::Printed;
use crate::secret::looks_secret;
use crate::settings::Sourced;
use crate::text::{pasted, whole_number};

/// A token endpoint that the caller gave.
pub(super) fn parse_endpoint(url: &Sourced<String>) -> Result<Sourced<Endpoint>, Error> {
    let Sourced { value, source } = url;
    let value = Endpoint::parse(value).map_err(|why| {
        usage(format!("invalid {source}: {why}"))
            .hint("give an https URL such as https://acme.my.salesforce.com")
    })?;
    Ok(Sourced { value, source })
}

/// A callback URL of an app. It is compared to the letter, so nothing of it is changed; white space
/// that was pasted with it is no part of it. What looks secret is none: it would stand in the address
/// that is shown.
pub(super) fn redirect_uri_of(url: &Sourced<String>) -> Result<String, Error> {
    let Sourced { value, source } = url;
    let value = value.trim();
    let is_clean = value.bytes().all(|b| b.is_ascii_graphic()) && !value.contains('#');
    let has_scheme = value
        .split_once("://")
        .is_some_and(|(_, rest)| !rest.is_empty());
    if is_clean && has_scheme && !looks_secret(value) {
        return Ok(value.to_owned());
    }
    Err(
        usage(format!("invalid {source}: it is not the URL of a callback"))
            .hint("give a callback URL of the app, to the letter"),
    )
}

/// A whole number with `s`, `m`, `h` or `d`; a bare number is seconds.
pub(super) fn duration(value: &str, key: &str) -> Result<Duration, Error> {
    let (number, unit) = match value.strip_suffix(['s', 'm', 'h', 'd']) {
        Some(number) => (number, &value[number.len()..]),
        None => (value, "s"),
    };
    let seconds_each = match unit {
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => 1,
    };
    whole_number(number)
        .and_then(|number| number.checked_mul(seconds_each))
        .map(Duration::from_secs)
        .ok_or_else(|| {
            invalid(key, value).hint(
                "give a whole number with s, m, h or d, such as 90m; a bare number is seconds",
            )
        })
}

/// A duration that leaves time to do something.
pub(super) fn timeout(value: &str, key: &str) -> Result<Duration, Error> {
    let timeout = duration(value, key)?;
    if timeout.is_zero() {
        return Err(usage(format!("{key} must be at least 1s")));
    }
    Ok(timeout)
}

/// The number of tries after the first.
pub(super) fn retries(value: &str, key: &str) -> Result<u32, Error> {
    whole_number(value)
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| invalid(key, value))
}

/// A value of `--print`.
pub(super) fn print(value: &str, key: &str) -> Result<Printed, Error> {
    match value {
        "token" => Ok(Printed::Token),
        "header" => Ok(Printed::Header),
        "env" => Ok(Printed::Env),
        "json" => Ok(Printed::Json),
        other => Err(invalid(key, other).hint("give token, header, env or json")),
    }
}

/// A value that has to be text.
pub(super) fn utf8(value: OsString, source: &'static str) -> Result<Sourced<String>, Error> {
    let value = String::from_utf8(value.into_vec())
        .map_err(|_| usage(format!("the value of {source} is not UTF-8")))?;
    Ok(Sourced { value, source })
}

/// An id or a secret without the white space that was pasted with it.
pub(super) fn text_pasted(text: Sourced<String>) -> Result<Sourced<String>, Error> {
    let Sourced { value, source } = text;
    match pasted(&value) {
        Ok(value) => Ok(Sourced {
            value: value.to_owned(),
            source,
        }),
        Err(why) => Err(usage(format!("invalid {source}: {why}"))
            .hint("give it as one line of visible characters")),
    }
}

/// `-` is standard input.
pub(super) fn input(path: OsString) -> Input {
    if path == "-" {
        Input::Stdin
    } else {
        Input::Path(PathBuf::from(path))
    }
}
