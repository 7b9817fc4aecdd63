//! One refresh: the form that is sent, and keeping its secrets out of what the server says.

use std::fmt::Write as _;

use crate::endpoint::{Endpoint, HostSource};
use crate::secret::{Secret, redact};
use crate::text::harmless;

/// How much of a server's own words a message shows, in characters.
pub(super) const MAX_SERVER_TEXT: usize = 200;

/// One refresh: what is sent, and where.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequest {
    /// Where the form goes.
    pub(crate) endpoint: Endpoint,
    /// What decided the host: the wrong one is the commonest cause of a refusal.
    pub(crate) host_source: HostSource,
    /// The consumer key of the connected app.
    pub(crate) client_id: String,
    /// Absent for a public client.
    pub(crate) client_secret: Option<Secret>,
    /// The token that is used up by sending it where rotation is on.
    pub(crate) refresh_token: Secret,
    /// The access token of the document: it is not sent, but the server may know and repeat it.
    pub(crate) access_token: Option<Secret>,
}

impl TokenRequest {
    /// The names and values of the form, in the order they are sent.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let secret = self.client_secret.as_ref().map(Secret::expose);
        [
            ("grant_type", Some("refresh_token")),
            ("client_id", Some(self.client_id.as_str())),
            ("client_secret", secret),
            ("refresh_token", Some(self.refresh_token.expose())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The names of what is sent, for messages.
    pub(crate) fn parameter_names(&self) -> String {
        let names: Vec<&str> = self.parameters().map(|(name, _)| name).collect();
        names.join(", ")
    }

    /// The request body, `application/x-www-form-urlencoded`.
    pub(crate) fn form(&self) -> Secret {
        let pairs: Vec<String> = self
            .parameters()
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        Secret::new(pairs.join("&"))
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> String {
        self.endpoint.authority()
    }

    /// What a server said, fit to be shown: without control characters and secrets, cut to
    /// [`MAX_SERVER_TEXT`].
    pub(crate) fn harmless(&self, text: &str) -> String {
        let text = self.redacted(&harmless(text));
        text.chars().take(MAX_SERVER_TEXT).collect()
    }

    /// A text without the secrets of the document, as they are or as the form has them.
    pub(super) fn redacted(&self, text: &str) -> String {
        let secrets = [
            Some(&self.refresh_token),
            self.client_secret.as_ref(),
            self.access_token.as_ref(),
        ];
        let exposed = secrets.into_iter().flatten().map(Secret::expose);
        let forms: Vec<String> = exposed.flat_map(spellings).collect();
        redact(text, forms.iter().map(String::as_str))
    }
}

/// A secret in every way in which a server may repeat it.
fn spellings(secret: &str) -> [String; 3] {
    let encoded = form_encoded(secret);
    [harmless(secret), encoded.replace('+', "%20"), encoded]
}

/// A value of a form: what is not unreserved becomes `%XX`, a space `+` (WHATWG URL, 5.2).
fn form_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                encoded.push(byte.into());
            }
            b' ' => encoded.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(client_secret: &str) -> TokenRequest {
        TokenRequest {
            endpoint: Endpoint::parse("https://login.example:8443").expect("a URL"),
            host_source: HostSource::Default,
            client_id: "id & \u{e4}".to_owned(),
            client_secret: Some(Secret::new(client_secret)),
            refresh_token: Secret::new("5Aep/old+token="),
            access_token: None,
        }
    }

    #[test]
    fn the_form_is_encoded_as_the_url_standard_says() {
        assert_eq!(
            request("s3cr3t key~").form().expose(),
            "grant_type=refresh_token&client_id=id+%26+%C3%A4&\
             client_secret=s3cr3t+key%7E&refresh_token=5Aep%2Fold%2Btoken%3D"
        );
        assert_eq!(form_encoded("AZaz09*-._"), "AZaz09*-._");
        assert_eq!(form_encoded("\0\n\u{7f}%=&;+"), "%00%0A%7F%25%3D%26%3B%2B");
    }

    #[test]
    fn what_a_server_says_loses_every_secret_that_it_was_sent() {
        for secret in ["5Aep/old+token=", "s3cr3t key~"] {
            let encoded = form_encoded(secret);
            let echoes = [
                secret.to_owned(),
                encoded.replace('+', "%20"),
                encoded.to_lowercase(),
                encoded.chars().flat_map(|c| ['\u{200b}', c]).collect(),
            ];
            for echo in echoes {
                let said = request("s3cr3t key~").harmless(&format!("a {echo} b {echo}"));
                assert_eq!(said, "a [REDACTED] b [REDACTED]", "{echo}");
            }
        }
    }

    #[test]
    fn a_secret_with_invisible_characters_is_recognised_without_them() {
        let pasted = request("\u{feff}s3cr\u{200b}3t");
        assert_eq!(pasted.harmless("not s3cr3t"), "not [REDACTED]");
    }

    #[test]
    fn what_a_server_says_is_cut_to_two_hundred_characters_behind_the_secrets() {
        let said = format!("{}5Aep/old+token=", "x".repeat(195));
        assert_eq!(
            request("s").harmless(&said),
            format!("{}[REDA", "x".repeat(195))
        );
    }
}
