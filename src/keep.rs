//! What becomes of a reply: a newer document, in FILE or with the caller, or a file of its own.
//!
//! Whatever a reply of the success class holds, the tokens in it survive: they are used, or saved,
//! or kept as they came.

use std::mem;

use serde_json::{Map, Value};

use crate::document::{Document, Merged};
use crate::error::{Class, Error, reason};
use crate::exchange::TokenReply;
use crate::input::shown;
use crate::oauth::{Refusal, Remains, TokenRequest};
use crate::print::rescued;
use crate::report::{changed_members, report_save};
use crate::say;
use crate::store::{self, Prepared, SavedHow};

/// Takes a token reply into the document, and saves that where there is a FILE.
///
/// # Errors
/// `IOERR` if FILE could not be saved; it says where the new tokens are.
pub(crate) fn keep_tokens(
    prepared: Option<Prepared>,
    document: &mut Document,
    request: &TokenRequest,
    reply: TokenReply,
) -> Result<(), Error> {
    let TokenReply { tokens, summary } = reply;
    let (merged, how) = save(prepared, document, &tokens.members)?;
    say::step(|| summary);
    say::step(|| changed_members(request, document, &merged.changed));
    if let Some(how) = how {
        report_save(&how);
    }
    if !merged.is_whole {
        keep_left_out(&tokens.members, document)?;
    }
    if let Some(body) = tokens.ambiguous {
        keep_ambiguous(&body);
    }
    Ok(())
}

/// Keeps what must not be lost with a refused reply, and says where that is.
pub(crate) fn keep_remains(
    prepared: Option<Prepared>,
    document: Document,
    refusal: Refusal,
) -> Error {
    let Remains {
        refresh_token,
        body,
    } = *refusal.remains;
    let (error, is_saved) = match refresh_token {
        Some(token) => keep_rotated(prepared, document, token, refusal.error),
        None => (refusal.error, false),
    };
    match body {
        Some(body) => keep_body(&body, is_saved, error),
        None => error,
    }
}

/// Keeps a new refresh token although the reply is of no other use: the old one has ended. Tells
/// whether there was room for it in the document.
fn keep_rotated(
    prepared: Option<Prepared>,
    mut document: Document,
    token: String,
    error: Error,
) -> (Error, bool) {
    let members = Map::from_iter([("refresh_token".to_owned(), Value::from(token))]);
    let has_file = prepared.is_some();
    match save(prepared, &mut document, &members) {
        Ok((merged, _)) if !merged.is_whole => (error, false),
        Ok(_) if has_file => (error.but("its new refresh token was saved"), true),
        Ok(_) => (rescued(error, &document), true),
        Err(not_saved) => (not_saved, true),
    }
}

/// Keeps a reply as it came, and says where in the error.
pub(crate) fn keep_body(body: &[u8], is_saved: bool, error: Error) -> Error {
    match store::keep(body) {
        Ok(path) => {
            let path = shown(&path);
            let error = error.but(format_args!("the reply is kept in {path}"));
            if is_saved {
                return error;
            }
            error.hint(format!(
                "look into {path} before you log in again: if it has a refresh_token, put that into FILE"
            ))
        }
        Err(_) if is_saved => error,
        Err(why) => error
            .but(format_args!("the reply cannot be kept: {}", reason(&why)))
            .hint("it may have held a new refresh token; if the next run is refused, log in again")
            .of_class(Class::IoErr),
    }
}

/// Keeps a reply that names a member twice, of which one was taken over. That this cannot be done is
/// no failure: by the rule of every common parser nothing is missing.
fn keep_ambiguous(body: &[u8]) {
    let what = "the reply names a member twice; the last one counts";
    match store::keep(body) {
        Ok(path) => say::warning(format_args!("{what}, all of it is in {}", shown(&path))),
        Err(why) => say::warning(format_args!(
            "{what}, and the reply cannot be kept: {}",
            reason(&why)
        )),
    }
}

/// Keeps a reply that the document could take over in part.
fn keep_left_out(members: &Map<String, Value>, document: &Document) -> Result<(), Error> {
    let what = "the reply does not fit into the document";
    let json = serde_json::to_vec(members).expect("a value tree with string keys is always JSON");
    let token = members.get("refresh_token").and_then(Value::as_str);
    let token = token.map(str::trim).filter(|token| !token.is_empty());
    let lacks_token = token.is_some_and(|token| token != document.refresh_token().expose());
    match store::keep(&json) {
        Ok(path) if lacks_token => Err(Error::new(
            Class::IoErr,
            format!(
                "{what}, not even its refresh token; all of it is in {}",
                shown(&path)
            ),
            "make room in the document, and put that refresh token into it",
        )),
        Ok(path) => {
            let path = shown(&path);
            say::warning(format_args!(
                "{what}; its tokens were taken over, all of it is in {path}"
            ));
            Ok(())
        }
        Err(why) => Err(Error::new(
            Class::IoErr,
            format!("{what}, and cannot be kept: {}", reason(&why)),
            "make room in the document; if the next run is refused, log in again",
        )),
    }
}

/// Takes the members of a reply into the document, and saves it where there is a FILE: what the
/// reply makes of the document, or of what another program has made of it meanwhile.
fn save(
    prepared: Option<Prepared>,
    document: &mut Document,
    members: &Map<String, Value>,
) -> Result<(Merged, Option<SavedHow>), Error> {
    let mut merged = document.merge(members);
    let Some(prepared) = prepared else {
        return Ok((merged, None));
    };
    let rendered = mem::take(&mut merged.rendered);
    let how = prepared.save(&rendered, |now| {
        let mut latest = Document::parse_any(now).ok()?;
        merged = latest.merge(members);
        *document = latest;
        Some(mem::take(&mut merged.rendered))
    })?;
    Ok((merged, Some(how)))
}
