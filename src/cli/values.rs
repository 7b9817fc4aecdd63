//! The values that options can have, read from their text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::print::Printed;
use crate::settings::Sourced;
use crate::text::whole_number;

/// A token endpoint that the caller gave.
pub(super) fn parse_endpoint(url: &Sourced<String>) -> Result<Sourced<Endpoint>, Error> {
    let Sourced { value, source } = url;
    let value = Endpoint::parse(value).map_err(|why| {
        usage(format!("invalid {source}: {why}"))
            .hint("give an https URL such as https://acme.my.salesforce.com")
    })?;
    Ok(Sourced { value, source })
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
            usage(format!("invalid {key}: {value}")).hint(
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
        .ok_or_else(|| usage(format!("invalid {key}: {value}")))
}

/// A value of `--print`.
pub(super) fn print(value: &str, key: &str) -> Result<Printed, Error> {
    match value {
        "token" => Ok(Printed::Token),
        "header" => Ok(Printed::Header),
        "env" => Ok(Printed::Env),
        "json" => Ok(Printed::Json),
        other => {
            Err(usage(format!("invalid {key}: {other}")).hint("give token, header, env or json"))
        }
    }
}

/// A value that has to be text.
pub(super) fn utf8(value: OsString, source: &'static str) -> Result<Sourced<String>, Error> {
    let value = String::from_utf8(value.into_vec())
        .map_err(|_| usage(format!("the value of {source} is not UTF-8")))?;
    Ok(Sourced { value, source })
}

/// A usage error with the hint that nearly all of them have. What it quotes of the command line
/// may hold what would garble a terminal.
pub(super) fn usage(message: impl Into<String>) -> Error {
    let message = message.into().replace(char::is_control, "?");
    Error::new(Class::Usage, message, "see sftoken --help")
}
