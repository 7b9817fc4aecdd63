//! The JSON document that a login left behind, as a value tree: load, look up, merge, render.
//!
//! The document belongs to its owner, who may keep anything in it. So it is edited, never
//! rebuilt: members keep their order, numbers their digits, and what is not named by the reply
//! survives. Pure; the bytes come from and go to other modules.

mod auth_url;
mod numbers;
mod reply_members;

use std::time::Duration;

use serde_json::{Map, Value};

use crate::error::{Class, Error};
use crate::secret::Secret;
use crate::text::{is_token, whole_number};
use numbers::Spellings;
use reply_members::comes_from_replies;

/// 1 MiB. A token document has about one KiB; what is larger is most likely the wrong file.
pub(crate) const MAX_LEN: usize = 1024 * 1024;

/// How far ahead `issued_at` may be before it counts as wrong rather than as a clock skew.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// Values below this are seconds: as milliseconds they would lie before March 1973.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// The indentation of documents that have none, as in most JSON tools.
const DEFAULT_INDENT: &str = "  ";

/// A member of this name behind a `$` would come back as a bare number: `arbitrary_precision` uses it
/// inside. The `$` may be written as an escape.
const RESERVED_BY_SERDE_JSON: &str = "serde_json::private::Number";

/// A document with a non-empty string `refresh_token`.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// All members, in order.
    members: Map<String, Value>,
    /// What one level is indented by.
    indent: String,
    /// How the owner wrote numbers with an exponent.
    spellings: Spellings,
    /// Whether it was an auth URL, which names its host on purpose.
    from_auth_url: bool,
}

impl Document {
    /// Reads the bytes of FILE.
    ///
    /// # Errors
    /// When they are not one JSON object with a non-empty string `refresh_token`, or more than
    /// [`MAX_LEN`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = text_of(bytes)?;
        if auth_url::is_auth_url(text.trim()) {
            return Err(
                unusable("it is an auth URL").hint("pass it on standard input, with - as FILE")
            );
        }
        Self::from_object(parse_object(text)?)
    }

    /// The refresh token of a whole document of any size, which is what a save uses up.
    pub(crate) fn key(bytes: &[u8]) -> Option<Secret> {
        let document = Self::parse_unbounded(bytes)?;
        Some(document.refresh_token())
    }

    /// The current content of FILE with what an interrupted save would have brought. Which members
    /// the reply had is not known any more, so those that replies have come from the successor, and
    /// so do those that FILE lacks; any other is as its owner has it now.
    pub(crate) fn rebase(current: &[u8], successor: &[u8]) -> Option<Vec<u8>> {
        let mut document = Self::parse_unbounded(current)?;
        for (name, value) in Self::parse_unbounded(successor)?.members {
            if comes_from_replies(&name) || !document.members.contains_key(&name) {
                document.members.insert(name, value);
            }
        }
        Some(document.render())
    }

    /// The document of any size that a text holds.
    fn parse_unbounded(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        parse_object(text).and_then(Self::from_object).ok()
    }

    /// Reads standard input, where an auth URL of the Salesforce CLI may stand in for a document.
    ///
    /// # Errors
    /// As [`Document::parse`], and when an auth URL is malformed.
    pub(crate) fn parse_stdin(bytes: &[u8]) -> Result<Self, Error> {
        let text = text_of(bytes)?;
        if auth_url::is_auth_url(text.trim()) {
            return Self::from_auth_url(text.trim());
        }
        let document = parse_object(text)?;
        match auth_url::find(&document.members) {
            Some(url) if !document.members.contains_key("refresh_token") => {
                Self::from_auth_url(url)
            }
            _ => Self::from_object(document),
        }
    }

    /// The document that an auth URL stands for.
    fn from_auth_url(url: &str) -> Result<Self, Error> {
        Ok(Self {
            members: auth_url::members(url).map_err(|why| {
                unusable(why)
                    .hint("an auth URL is force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST")
            })?,
            indent: DEFAULT_INDENT.to_owned(),
            spellings: Spellings::default(),
            from_auth_url: true,
        })
    }

    /// Checks the one member that every document must have.
    fn from_object(document: Self) -> Result<Self, Error> {
        let why = match document.members.get("refresh_token") {
            Some(Value::String(token)) if !token.is_empty() => return Ok(document),
            Some(Value::String(_)) => "its refresh_token is empty",
            Some(_) => "its refresh_token is not a string",
            None => "it has no refresh_token",
        };
        let hint = if auth_url::find(&document.members).is_some() {
            "pass the output of the Salesforce CLI on standard input, with - as FILE"
        } else {
            "log in again with the scope refresh_token and save that reply"
        };
        Err(unusable(why).hint(hint))
    }

    /// The refresh token.
    pub(crate) fn refresh_token(&self) -> Secret {
        Secret::new(self.text("refresh_token").unwrap_or_default())
    }

    /// The access token, if the document has one that can be used in a header.
    pub(crate) fn access_token(&self) -> Option<Secret> {
        self.text("access_token")
            .filter(|token| is_token(token))
            .map(Secret::new)
    }

    /// A member that is a non-empty string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.members.get(name)?.as_str()?;
        (!text.is_empty()).then_some(text)
    }

    /// How old the token is by `issued_at`, `now` being the time since 1970.
    ///
    /// `None` where that member is missing, unreadable, or more than [`MAX_SKEW`] ahead.
    pub(crate) fn age(&self, now: Duration) -> Option<Duration> {
        let stated = match self.members.get("issued_at")? {
            Value::String(text) => whole_number(text)?,
            Value::Number(number) => whole_number(number.as_str())?,
            _ => return None,
        };
        let issued = if stated < FIRST_MILLISECONDS {
            Duration::from_secs(stated)
        } else {
            Duration::from_millis(stated)
        };
        (issued <= now + MAX_SKEW).then(|| now.saturating_sub(issued))
    }

    /// Whether it stands for an auth URL of the Salesforce CLI.
    pub(crate) fn is_from_auth_url(&self) -> bool {
        self.from_auth_url
    }

    /// The number of members, for messages.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// Takes over every member of a token reply, and returns the names of those that changed.
    ///
    /// A `refresh_token` that is no non-empty string says nothing new: the old one stays.
    pub(crate) fn merge(&mut self, reply: Map<String, Value>) -> Vec<String> {
        let mut changed = Vec::new();
        for (name, value) in reply {
            if name == "refresh_token" && value.as_str().is_none_or(str::is_empty) {
                continue;
            }
            if self.members.get(&name) != Some(&value) {
                changed.push(name.clone());
                self.members.insert(name, value);
            }
        }
        changed
    }

    /// The document as it will be saved, if a later run can read that again.
    ///
    /// # Errors
    /// `DATAERR` when indenting makes it longer than [`MAX_LEN`].
    pub(crate) fn checked_render(&self) -> Result<Vec<u8>, Error> {
        let rendered = self.render();
        if rendered.len() > MAX_LEN {
            return Err(unusable(
                "it would be larger than 1 MiB once it is indented",
            ));
        }
        Ok(rendered)
    }

    /// The document as it is saved: indented as it was, UTF-8, one newline at the end.
    pub(crate) fn render(&self) -> Vec<u8> {
        let json = serde_json::to_string_pretty(&self.members)
            .expect("a value tree with string keys is always JSON");
        let mut json = indented(self.spellings.restore(json), &self.indent);
        json.push('\n');
        json.into_bytes()
    }
}

/// Why a text is not a document.
fn unusable(why: impl Into<String>) -> Error {
    Error::new(
        Class::DataErr,
        why,
        "give the JSON document of a Salesforce login",
    )
}

/// The text of a file without its byte order mark.
fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    if bytes.len() > MAX_LEN {
        return Err(unusable("it is larger than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        unusable("it is not UTF-8").hint("save it as UTF-8 (PowerShell's > writes UTF-16)")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The members of a text that is one JSON object, whatever they are.
fn parse_object(text: &str) -> Result<Document, Error> {
    if text.trim().is_empty() {
        return Err(unusable("it is empty"));
    }
    if text.contains(RESERVED_BY_SERDE_JSON) {
        return Err(unusable("it has a member that cannot be kept"));
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(Document {
            indent: indent_of(text).unwrap_or(DEFAULT_INDENT).to_owned(),
            spellings: Spellings::of(text, &members),
            members,
            from_auth_url: false,
        }),
        Ok(_) => Err(unusable("it is JSON but not an object")),
        Err(error) => Err(unusable(format!("it is not JSON: {error}"))),
    }
}

/// The white space before the first member that stands on a line of its own.
fn indent_of(json: &str) -> Option<&str> {
    json.lines().skip(1).find_map(|line| {
        let member = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - member.len()];
        (member.starts_with('"') && !indent.is_empty()).then_some(indent)
    })
}

/// Replaces the two spaces a level that `serde_json` writes; inside strings no line ever starts.
fn indented(json: String, indent: &str) -> String {
    if indent == DEFAULT_INDENT {
        return json;
    }
    let mut indented = String::with_capacity(json.len());
    for line in json.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let levels = (line.len() - content.len()) / DEFAULT_INDENT.len();
        indented.extend(std::iter::repeat_n(indent, levels));
        indented.push_str(content);
    }
    indented
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Document {
        Document::parse(json.as_bytes()).expect("a usable document")
    }

    fn why(json: &[u8]) -> String {
        let error = Document::parse(json).expect_err("an unusable document");
        error.to_string()
    }

    fn rendered(document: &Document) -> String {
        String::from_utf8(document.render()).expect("UTF-8")
    }

    fn reply(json: Value) -> Map<String, Value> {
        match json {
            Value::Object(members) => members,
            _ => unreachable!("replies in these tests are objects"),
        }
    }

    #[test]
    fn keeps_order_numbers_and_unknown_members_at_every_depth() {
        let json = r#"{
  "z": 1.0,
  "refresh_token": "r",
  "a": {
    "n": [
      1e400,
      123456789012345678901234567890,
      {
        "deep": null
      }
    ],
    "empty": {}
  }
}
"#;
        assert_eq!(rendered(&document(json)), json);
    }

    #[test]
    fn indents_as_the_document_does() {
        for indent in ["\t", "    ", " ", "   "] {
            let json = format!(
                "{{\n{indent}\"refresh_token\": \"  r\",\n{indent}\"a\": [\n{indent}{indent}1\n{indent}]\n}}\n"
            );
            assert_eq!(rendered(&document(&json)), json);
        }
        let expected = "{\n  \"refresh_token\": \"r\"\n}\n";
        for json in [
            r#"{"refresh_token":"r"}"#,
            "{\n\"refresh_token\":\"r\"\n}",
            "\u{feff}{\r\n  \"refresh_token\": \"r\"\r\n}\r\n",
        ] {
            assert_eq!(rendered(&document(json)), expected);
        }
    }

    #[test]
    fn the_last_of_two_members_counts() {
        let document = document(r#"{"refresh_token":"a","x":1,"refresh_token":"b"}"#);
        assert_eq!(document.refresh_token().expose(), "b");
    }

    #[test]
    fn merging_replaces_adds_and_keeps_the_old_refresh_token() {
        let before = document(r#"{"access_token":"old","refresh_token":"r","keep":[1.0]}"#);
        for kept in [Value::Null, "".into(), 7.into()] {
            let mut merged = before.clone();
            let changed = merged.merge(reply(serde_json::json!({
                "access_token": "new", "refresh_token": kept, "keep": [1], "id": "i",
            })));
            assert_eq!(changed, ["access_token", "keep", "id"]);
            assert_eq!(
                serde_json::to_string(&merged.members).expect("JSON"),
                r#"{"access_token":"new","refresh_token":"r","keep":[1],"id":"i"}"#
            );
        }
        let mut merged = before;
        assert_eq!(
            merged.merge(reply(serde_json::json!({"refresh_token": "s"}))),
            ["refresh_token"]
        );
        assert_eq!(merged.refresh_token().expose(), "s");
    }

    #[test]
    fn an_interrupted_save_brings_the_members_of_replies_and_those_that_are_missing() {
        let rebased = |current: &str, successor: &str| {
            let rebased = Document::rebase(current.as_bytes(), successor.as_bytes());
            rebased.map(|bytes| {
                String::from_utf8(bytes)
                    .expect("UTF-8")
                    .replace(['\n', ' '], "")
            })
        };
        let successor = r#"{"access_token":"b","refresh_token":"s","note":"old","new":1}"#;
        assert_eq!(
            rebased(
                r#"{"note":"mine","refresh_token":"r","access_token":"a","only":2}"#,
                successor
            ),
            Some(
                r#"{"note":"mine","refresh_token":"s","access_token":"b","only":2,"new":1}"#
                    .to_owned()
            )
        );
        assert_eq!(rebased(successor, successor), Some(successor.to_owned()));
        assert_eq!(rebased("{", successor), None);
        assert_eq!(rebased(successor, r#"{"access_token":"b"}"#), None);
    }

    #[test]
    fn the_key_of_a_document_is_its_refresh_token_whatever_its_size() {
        let key = |json: &str| Document::key(json.as_bytes());
        let long = format!(r#"{{"refresh_token":"r","a":"{}"}}"#, "x".repeat(MAX_LEN));
        for whole in [
            r#"{"refresh_token":"r"}"#,
            "\u{feff}{\"refresh_token\":\"r\"} \n  ",
            &long,
        ] {
            assert_eq!(key(whole), Some(Secret::new("r")));
        }
        for broken in [
            "",
            "{",
            r#"{"refresh_token":"r""#,
            r#"{"refresh_token":""}"#,
            "[]",
        ] {
            assert_eq!(key(broken), None);
        }
    }

    #[test]
    fn age_reads_milliseconds_and_seconds_as_string_or_number() {
        let now = Duration::from_millis(1_738_348_400_500);
        let age = |issued_at: &str| {
            document(&format!(
                r#"{{"refresh_token":"r","issued_at":{issued_at}}}"#
            ))
            .age(now)
        };
        let half = Some(Duration::from_millis(500));
        assert_eq!(age(r#""1738348400000""#), half);
        assert_eq!(age("1738348400000"), half);
        assert_eq!(age(r#""1738348400""#), half);
        assert_eq!(age("1738348400"), half);
        assert_eq!(
            age("100000000000"),
            Some(now.saturating_sub(Duration::from_secs(100_000_000)))
        );
        assert_eq!(age("99999999999"), None, "seconds, in the year 5138");
        assert_eq!(
            age("1738348700500"),
            Some(Duration::ZERO),
            "5 minutes ahead"
        );
        assert_eq!(age("1738348700501"), None, "more than 5 minutes ahead");
        for unreadable in [
            "null",
            "1.7e12",
            "-1",
            r#""""#,
            r#"" 1""#,
            r#""+1""#,
            "[1]",
            "99999999999999999999",
        ] {
            assert_eq!(age(unreadable), None, "{unreadable}");
        }
        assert_eq!(document(r#"{"refresh_token":"r"}"#).age(now), None);
    }

    #[test]
    fn says_why_a_document_cannot_be_used() {
        assert_eq!(why(b" \n"), "it is empty");
        assert_eq!(why(b"[]"), "it is JSON but not an object");
        assert_eq!(
            why(br#"{"refresh_token":"r","a":{"$serde_json::private::Number":"1"}}"#),
            "it has a member that cannot be kept"
        );
        assert_eq!(why(&vec![b' '; MAX_LEN + 1]), "it is larger than 1 MiB");
    }

    #[test]
    fn access_tokens_must_fit_into_a_header() {
        for unusable in ["", "a b", "a\\r\\nb", "ä"] {
            let json = format!(r#"{{"refresh_token":"r","access_token":"{unusable}"}}"#);
            assert_eq!(document(&json).access_token(), None);
        }
        let usable = document(r#"{"refresh_token":"r","access_token":"00D!a.b_c"}"#);
        assert_eq!(usable.access_token(), Some(Secret::new("00D!a.b_c")));
    }
}
