//! What becomes of a reply: a newer document, in FILE or with the caller, or a file of its own.
//!
//! Whatever a reply of the success class holds, the tokens in it survive: they are used, or saved,
//! or kept as they came.

use serde_json::{Map, Value};

use crate::document::Document;
use crate::error::{Class, Error, reason};
use crate::exchange::TokenReply;
use crate::input::shown;
use crate::oauth::{Refusal, Remains, TokenRequest};
use crate::print::rescued;
use crate::report::{changed_members, report_save};
use crate::say;
use crate::store::{self, Reserved, SavedHow};

/// Takes a token reply into the document, and saves that where there is a FILE.
///
/// # Errors
/// `IOERR` if FILE could not be saved; it says where the new tokens are.
pub(crate) fn keep_tokens(
    reserved: Option<Reserved>,
    document: &mut Document,
    request: &TokenRequest,
    reply: TokenReply,
) -> Result<(), Error> {
    let TokenReply { tokens, summary } = reply;
    let (changed, how) = save(reserved, document, &tokens.members)?;
    say::step(|| summary);
    say::step(|| changed_members(request, &changed));
    if let Some(how) = how {
        report_save(&how);
    }
    if let Some(body) = tokens.ambiguous {
        keep_ambiguous(&body)?;
    }
    Ok(())
}

/// Keeps what must not be lost with a refused reply, and says where that is.
pub(crate) fn keep_remains(
    reserved: Option<Reserved>,
    document: Document,
    refusal: Refusal,
) -> Error {
    let Remains {
        refresh_token,
        body,
    } = refusal.remains;
    let is_saved = refresh_token.is_some();
    let error = match refresh_token {
        Some(token) => keep_rotated(reserved, document, token, refusal.error),
        None => refusal.error,
    };
    match body {
        Some(body) => keep_body(&body, is_saved, error),
        None => error,
    }
}

/// Keeps a new refresh token although the reply is of no other use: the old one has ended.
fn keep_rotated(
    reserved: Option<Reserved>,
    mut document: Document,
    token: String,
    error: Error,
) -> Error {
    let members = Map::from_iter([("refresh_token".to_owned(), Value::from(token))]);
    let has_file = reserved.is_some();
    match save(reserved, &mut document, &members) {
        Ok(_) if has_file => error.but("its new refresh token was saved"),
        Ok(_) => rescued(error, &document),
        Err(not_saved) => not_saved,
    }
}

/// Keeps a reply as it came.
fn keep_body(body: &[u8], is_saved: bool, error: Error) -> Error {
    match store::keep(body) {
        Ok(path) => {
            let path = shown(&path);
            let error = error.but(format_args!("the reply is kept in {path}"));
            if is_saved {
                return error;
            }
            error.hint(format!(
                "{path} may hold a new refresh token; look there before you log in again"
            ))
        }
        Err(_) if is_saved => error,
        Err(why) => Error::new(
            Class::IoErr,
            format!("{error}; the reply cannot be kept: {}", reason(&why)),
            "it may have held a new refresh token; if the next run is refused, log in again",
        ),
    }
}

/// Keeps a reply that names more than one refresh token, of which one was saved.
fn keep_ambiguous(body: &[u8]) -> Result<(), Error> {
    let what = "the reply names its refresh token more than once";
    match store::keep(body) {
        Ok(path) => {
            let path = shown(&path);
            say::warning(format_args!(
                "{what}; the last one counts, all of it is in {path}"
            ));
            Ok(())
        }
        Err(why) => Err(Error::new(
            Class::IoErr,
            format!("{what}, and cannot be kept: {}", reason(&why)),
            "the last one was saved; if the next run is refused, log in again",
        )),
    }
}

/// Takes the members of a reply into the document, and saves it where there is a FILE: what the
/// reply makes of the document, or of what another program has made of it meanwhile. Returns the
/// names of the members that changed.
fn save(
    reserved: Option<Reserved>,
    document: &mut Document,
    members: &Map<String, Value>,
) -> Result<(Vec<String>, Option<SavedHow>), Error> {
    let changed = document.merge(members.clone());
    let Some(reserved) = reserved else {
        return Ok((changed, None));
    };
    let how = reserved.save(&document.render(), |now| {
        let mut latest = Document::parse(now).ok()?;
        latest.merge(members.clone());
        *document = latest;
        Some(document.render())
    })?;
    Ok((changed, Some(how)))
}
