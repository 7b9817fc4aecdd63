//! The code goes out, and the tokens that come for it are kept.
//!
//! A login without a refresh token is of no use to later runs, so nothing of it is saved; what may
//! hold one all the same is put aside.

use std::convert::Infallible;

use serde_json::{Map, Value};

use crate::deadline::Deadline;
use crate::document::Document;
use crate::error::{Class, Error};
use crate::exchange::{Exchanged, TokenReply, exchange};
use crate::keep::{keep_body, keep_remains, keep_tokens};
use crate::oauth::TokenRequest;
use crate::settings::Loaded;
use crate::store::Prepared;

/// Tries after the first, as long as no connection could be made: the code is sent once.
const RETRIES: u32 = 3;

/// What a login sends.
pub(super) struct Exchange<'a> {
    /// How the host is reached.
    pub(super) loaded: &'a Loaded,
    /// The code and what belongs to it.
    pub(super) request: TokenRequest,
    /// The end of the run.
    pub(super) deadline: Deadline,
}

impl Exchange<'_> {
    /// Sends the code once, and keeps what comes.
    ///
    /// # Errors
    /// Every class of a request, `IOERR`, and `CONFIG` if no refresh token came.
    pub(super) fn send(
        &self,
        mut document: Document,
        prepared: Option<Prepared>,
        name: &str,
    ) -> Result<Document, Error> {
        let client = self.loaded.client(&self.request, self.deadline);
        let nobody_else = || None::<Infallible>;
        match exchange(&client, &self.request, self.deadline, RETRIES, nobody_else) {
            Ok(Exchanged::Tokens(reply)) => {
                let reply = self.with_client_id(reply, name)?;
                document.forget_login(&self.request.client_id, &reply.tokens.members);
                keep_tokens(prepared, &mut document, &self.request, reply)?;
                Ok(document)
            }
            Ok(Exchanged::Adopted(never)) => match never {},
            Err(refusal) => {
                // A refresh token that can be kept is of use with the client id alone.
                document.merge(&self.client_id());
                let refusal = refusal.within(format_args!("cannot log in for {name}"));
                Err(keep_remains(prepared, document, refusal))
            }
        }
    }

    /// The reply with the client id, which every later run needs; the client secret is not saved.
    fn with_client_id(&self, mut reply: TokenReply, name: &str) -> Result<TokenReply, Error> {
        let members = &mut reply.tokens.members;
        if members
            .get("refresh_token")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            let host = self.request.host();
            let error = Error::new(
                Class::Config,
                format!("{host} gave no refresh token; nothing was saved"),
                "give the app the scope refresh_token (perform requests at any time), and log in again",
            );
            let error = error.within(format_args!("cannot log in for {name}"));
            return Err(match reply.tokens.ambiguous {
                Some(body) => keep_body(&body, false, error),
                None => error,
            });
        }
        members.extend(self.client_id());
        Ok(reply)
    }

    /// The client id as a member of a document.
    fn client_id(&self) -> Map<String, Value> {
        let id = Value::from(self.request.client_id.clone());
        Map::from_iter([("client_id".to_owned(), id)])
    }
}
