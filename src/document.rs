//! The JSON document that a login left behind, as a value tree: load, look up, merge, render.
//!
//! The document belongs to its owner, who may keep anything in it. So it is edited, never
//! rebuilt: members keep their order, numbers their digits, and what is not named by the reply
//! survives. What a reply adds never makes it a document that the next run could not read. Pure; the
//! bytes come from and go to other modules.

mod age;
mod auth_url;
mod cli_output;
mod credentials;
mod elsewhere;
mod layout;
mod numbers;
mod object;
mod reply;
mod reply_members;
mod reserved;
mod source;
mod unusable;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::endpoint::HOST_MEMBERS;
use crate::error::Error;
use crate::secret::Secret;
use auth_url::{auth_url, keep_host, printed_in};
use cli_output::is_redacted;
use credentials::check_refresh_token;
use object::Object;
use reply::{PARTS, loses_token, put_back, take_over, values_before};
use reply_members::take_from_successor;
use source::{text_of, text_of_any_size, text_of_file};
use unusable::unusable;

pub(crate) use reply::Merged;
pub(crate) use source::MAX_LEN;
pub(crate) use unusable::GIVE_DOCUMENT;

/// A document with a non-empty string `refresh_token`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document {
    /// All members, and what their text looks like.
    object: Object,
    /// The host of the auth URL that it was, as `instance_url` has it.
    auth_url_host: Option<String>,
}

impl Document {
    /// Reads the bytes of FILE.
    ///
    /// # Errors
    /// When they are not one JSON object with a non-empty string `refresh_token`, or more than
    /// [`MAX_LEN`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_object(Self::parse_any(bytes)?)
    }

    /// A document that nobody has filled yet.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Reads the bytes of a FILE that need not have a refresh token.
    ///
    /// # Errors
    /// When they are not one JSON object, or more than [`MAX_LEN`].
    pub(crate) fn parse_any(bytes: &[u8]) -> Result<Self, Error> {
        Self::from_text(text_of_file(bytes)?)
    }

    /// The refresh token of any object of any size, empty where it has none.
    pub(crate) fn key_if_any(bytes: &[u8]) -> Option<Secret> {
        let document = Self::from_text(text_of_any_size(bytes)?).ok()?;
        Some(document.refresh_token())
    }

    /// Removes what is true of the old login alone once this reply has brought a new one: the hosts
    /// that it does not name, and the client secret of another app.
    pub(crate) fn forget_login(&mut self, client_id: &str, reply: &Map<String, Value>) {
        for member in HOST_MEMBERS.iter().filter(|it| !reply.contains_key(**it)) {
            self.object.members.shift_remove(*member);
        }
        self.forget_secret_of_others(client_id);
    }

    /// Removes the client secret, if the document has it for another client id than this.
    pub(crate) fn forget_secret_of_others(&mut self, client_id: &str) {
        if self
            .pasted("client_id")
            .ok()
            .flatten()
            .is_some_and(|id| id != client_id)
        {
            self.object.members.shift_remove("client_secret");
        }
    }

    /// The refresh token of a whole document of any size, which is what a save uses up.
    pub(crate) fn key(bytes: &[u8]) -> Option<Secret> {
        Self::parse_unbounded(bytes).map(|document| document.refresh_token())
    }

    /// The current content of FILE with what an interrupted save would have brought. Which members
    /// the reply had is not known any more, so those that replies have come from the successor, and
    /// so do those that FILE lacks; any other is as its owner has it now. A login may find a FILE
    /// without a refresh token.
    pub(crate) fn rebase(current: &[u8], successor: &[u8]) -> Option<Vec<u8>> {
        let mut document = Self::from_text(text_of_any_size(current)?).ok()?;
        let successor = Self::parse_unbounded(successor)?;
        take_from_successor(&mut document.object.members, successor.object.members);
        Some(document.render())
    }

    /// The document of any size that a text holds.
    fn parse_unbounded(bytes: &[u8]) -> Option<Self> {
        let document = Self::from_text(text_of_any_size(bytes)?);
        document.and_then(Self::from_object).ok()
    }

    /// Reads standard input, where an auth URL of the Salesforce CLI may stand in for a document.
    ///
    /// # Errors
    /// As [`Document::parse`] and [`Document::checked_render`], and when an auth URL is malformed.
    pub(crate) fn parse_stdin(bytes: &[u8]) -> Result<Self, Error> {
        let text = text_of(bytes)?;
        if let Some(url) = auth_url(text) {
            return Self::from_auth_url(url);
        }
        let document = Self::from_text(text)?;
        match printed_in(&document.object.members) {
            Some(url)
                if !document.object.members.contains_key("refresh_token") && !is_redacted(url) =>
            {
                Self::from_auth_url(url)
            }
            _ => {
                let document = Self::from_object(document)?;
                document.checked_render().map(|_| document)
            }
        }
    }

    /// The document that an auth URL stands for.
    fn from_auth_url(url: &str) -> Result<Self, Error> {
        let members = auth_url::members(url).map_err(|why| {
            unusable(why).hint("an auth URL is force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST")
        })?;
        let host = members.get("instance_url").and_then(Value::as_str);
        Ok(Self {
            auth_url_host: host.map(str::to_owned),
            object: Object::of_members(members),
        })
    }

    /// The members of a text that is one JSON object, whatever they are.
    fn from_text(text: &str) -> Result<Self, Error> {
        Ok(Self {
            object: Object::of(text)?,
            auth_url_host: None,
        })
    }

    /// Checks the one member that every document must have.
    fn from_object(document: Self) -> Result<Self, Error> {
        check_refresh_token(&document.object.members)?;
        Ok(document)
    }

    /// The refresh token.
    pub(crate) fn refresh_token(&self) -> Secret {
        credentials::refresh_token(&self.object.members)
    }

    /// The access token, if the document has one that can be used in a header.
    pub(crate) fn access_token(&self) -> Option<Secret> {
        credentials::access_token(&self.object.members)
    }

    /// A member that is a non-empty string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        credentials::text(&self.object.members, name)
    }

    /// The same of a member that people paste, without the white space around it.
    ///
    /// # Errors
    /// `DATAERR` when it has characters that no id and no secret has.
    pub(crate) fn pasted(&self, name: &str) -> Result<Option<&str>, Error> {
        credentials::pasted(&self.object.members, name)
    }

    /// How old the token is by `issued_at`, `now` being the time since 1970; `None` where that is
    /// missing or cannot be true.
    pub(crate) fn age(&self, now: Duration) -> Option<Duration> {
        age::age(self.object.members.get("issued_at")?, now)
    }

    /// Whether it stands for an auth URL of the Salesforce CLI.
    pub(crate) fn is_from_auth_url(&self) -> bool {
        self.auth_url_host.is_some()
    }

    /// The number of members, for messages.
    pub(crate) fn len(&self) -> usize {
        self.object.members.len()
    }

    /// Takes over every member of a token reply, or as many as a later run can read.
    pub(crate) fn merge(&mut self, reply: &Map<String, Value>) -> Merged {
        for part in PARTS {
            let before = values_before(&self.object.members, reply);
            let changed = take_over(&mut self.object.members, reply, part);
            if let Some(url) = &self.auth_url_host {
                keep_host(&mut self.object.members, url);
            }
            if let Ok(rendered) = self.checked_render() {
                return Merged {
                    changed,
                    is_whole: part.is_none() && !loses_token(reply),
                    rendered,
                };
            }
            put_back(&mut self.object.members, before);
        }
        Merged {
            rendered: self.render(),
            ..Merged::default()
        }
    }

    /// The document as it will be saved, if a later run can read that again.
    ///
    /// # Errors
    /// `DATAERR` when it is longer than [`MAX_LEN`], or has what cannot be read.
    pub(crate) fn checked_render(&self) -> Result<Vec<u8>, Error> {
        self.object.checked_render()
    }

    /// The bytes that it will have then.
    ///
    /// # Errors
    /// As [`Document::checked_render`].
    pub(crate) fn checked_len(&self) -> Result<usize, Error> {
        self.object.checked_len()
    }

    /// The document as it is saved: indented as it was, UTF-8, one newline at the end.
    pub(crate) fn render(&self) -> Vec<u8> {
        self.object.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Document {
        Document::parse(json.as_bytes()).expect("a usable document")
    }

    #[test]
    fn a_document_has_a_key_whatever_its_size() {
        let key = |json: &str| Document::key(json.as_bytes());
        let long = format!(r#"{{"refresh_token":"r","a":"{}"}}"#, "x".repeat(MAX_LEN));
        for whole in ["\u{feff}{\"refresh_token\":\"r\"} \n  ", &long] {
            assert_eq!(key(whole), Some(Secret::new("r")));
        }
        for broken in ["", r#"{"refresh_token":"r""#, r#"{"refresh_token":""}"#] {
            assert_eq!(key(broken), None);
        }
    }

    #[test]
    fn of_tokens_that_do_not_fit_the_refresh_token_is_kept_if_any() {
        let before = document(r#"{"refresh_token":"r"}"#);
        let long = "x".repeat(MAX_LEN);
        let merged = |access: &str, refresh: &str| {
            let tokens = serde_json::json!({"access_token": access, "refresh_token": refresh});
            let mut merged = before.clone();
            let outcome = merged.merge(tokens.as_object().expect("an object"));
            assert!(!outcome.is_whole);
            (merged.refresh_token(), outcome.changed.len())
        };
        assert_eq!(merged(&long, "s"), (Secret::new("s"), 1));
        assert_eq!(merged(&long, &long), (Secret::new("r"), 0));
        assert_eq!(merged("a", "s\nt"), (Secret::new("r"), 1));
    }
}
