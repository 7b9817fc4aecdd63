//! What people take for the document of a login and is none: mostly what the Salesforce CLI prints.
//!
//! Each kind has its own message, since "it is not JSON" or "it has no `refresh_token`" sends people
//! the wrong way. What the CLI prints changes now and then, so the signs are few and broad, and
//! nothing is read from such a text but the words of an error.

use serde_json::{Deserializer, Map, Value};

use super::auth_url::{auth_url, printed_in};
use super::elsewhere::path_of_token;
use super::unusable::{shown, unusable};
use crate::error::Error;

/// What the CLI prints in place of tokens since 2.136.8, with a hint behind it.
const REDACTED: &str = "[REDACTED]";

/// What colours and other styles start with (ECMA-48, 5.4).
const COLOUR_CODE: &str = "\u{1b}[";

/// What begins a token that can be used, to people who have the CLI.
const LOG_IN_WEB: &str =
    "log in with sf org login web, then pass what sf org auth show-sfdx-auth-url --json prints";

/// What to do without a usable refresh token.
pub(super) const LOG_IN: &str = "log in again with the scope refresh_token and save that reply";

/// What a text that is no JSON is instead, if that is known.
pub(super) fn text_instead(text: &str) -> Option<Error> {
    let text = text.trim();
    if is_redacted(text) {
        return Some(redacted());
    }
    if text.contains(COLOUR_CODE) {
        let error = unusable("it has colour codes in it");
        return Some(
            error.hint("set NO_COLOR=1 and FORCE_COLOR=0 for the program that printed it"),
        );
    }
    if text.lines().any(is_table_head) {
        let error = unusable("it is the table that the Salesforce CLI prints for people");
        return Some(error.hint("pass what sf org auth show-sfdx-auth-url --json prints"));
    }
    let inner = inner(text)?;
    let error = unusable(format!("it has other lines around {inner}"));
    Some(error.hint("pass the program's standard output alone, without 2>&1"))
}

/// What an object without a refresh token is.
pub(super) fn members_instead(members: &Map<String, Value>) -> Error {
    let text = |name| members.get(name).and_then(Value::as_str);
    if let Some(printed) = printed_in(members) {
        return if is_redacted(printed) {
            redacted()
        } else {
            unusable("it has no refresh_token")
                .hint("pass the output of the Salesforce CLI on standard input, with - as FILE")
        };
    }
    if is_cli_status(members, |status| status != 0)
        && (text("name"), text("message")) != (None, None)
    {
        let said = said(text("name"), text("message"));
        return unusable(format!("it is an error of the Salesforce CLI: {said}")).hint(LOG_IN_WEB);
    }
    if let Some(code) = text("error") {
        let said = said(Some(code), text("error_description"));
        return unusable(format!("it is the reply to a refused login: {said}")).hint(LOG_IN);
    }
    if let Some(path) = path_of_token(members) {
        let error = unusable(format!(
            "it has no refresh_token, but {} is one",
            shown(&path)
        ));
        return error.hint(if path == "refreshToken" {
            "the Salesforce CLI encrypts its files: pass what sf org auth show-sfdx-auth-url --json \
             prints; any other token belongs into the member refresh_token"
        } else {
            "give an object that has it as its own member refresh_token"
        });
    }
    if is_cli_status(members, |status| status == 0) {
        let error = unusable("it is output of the Salesforce CLI without a refresh token");
        return error.hint(format!("a JWT login has none: {LOG_IN_WEB}"));
    }
    unusable("it has no refresh_token").hint(LOG_IN)
}

/// Whether a text stands for a secret that was left out.
pub(super) fn is_redacted(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    text.starts_with(REDACTED)
}

/// The CLI has left the token out.
pub(super) fn redacted() -> Error {
    unusable("the Salesforce CLI has put [REDACTED] in place of the token")
        .hint("pass what sf org auth show-sfdx-auth-url --json prints")
}

/// What stands among lines that do not belong to it.
fn inner(text: &str) -> Option<&'static str> {
    if text.lines().any(|line| auth_url(line).is_some()) {
        return Some("the auth URL");
    }
    let start = text
        .match_indices('{')
        .map(|(at, _)| at)
        .find(|at| text[..*at].trim_end_matches([' ', '\t']).ends_with('\n') || *at == 0)?;
    let mut objects = Deserializer::from_str(&text[start..]).into_iter::<Map<String, Value>>();
    let is_object = objects.next()?.is_ok();
    let behind = text[start + objects.byte_offset()..].trim_start();
    // What goes on like JSON is broken JSON, of which the parser knows more.
    let is_other = start > 0 || !behind.starts_with(['{', '}', '[', ']', ',', ':', '"']);
    (is_object && is_other).then_some("the JSON")
}

/// Whether a line is the head of the table of `sf org display`, in any of its styles.
fn is_table_head(line: &str) -> bool {
    let mut words = line.split(|c: char| !c.is_alphanumeric());
    let mut next = || words.find(|word| !word.is_empty());
    matches!(
        (next(), next()),
        (Some("KEY" | "Key"), Some("VALUE" | "Value")) | (Some("Org"), Some("Description"))
    )
}

/// Whether there is a `status` as the CLI prints it with `--json`.
fn is_cli_status(members: &Map<String, Value>, is_that: impl Fn(i64) -> bool) -> bool {
    members
        .get("status")
        .and_then(Value::as_i64)
        .is_some_and(is_that)
}

/// The words of an error, fit to be shown.
fn said(name: Option<&str>, message: Option<&str>) -> String {
    let words: Vec<&str> = [name, message].into_iter().flatten().collect();
    shown(&words.join(": "))
}
