//! One token request: the form that is sent, and keeping its secrets out of what the server says.

use std::borrow::Cow;

use super::form::encoded;
use super::shown::fit_to_be_shown;
use crate::endpoint::{Endpoint, HostSource};
use crate::secret::Secret;
use crate::text::harmless;

/// What is exchanged for tokens.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    /// The token that is used up by sending it where rotation is on (RFC 6749, section 6).
    RefreshToken(Secret),
    /// What a login brought (RFC 6749, section 4.1.3, with RFC 7636).
    AuthorizationCode {
        /// Works once, for 15 minutes.
        code: Secret,
        /// What the challenge in the address of the login was made of.
        verifier: Secret,
        /// The redirect URI in that address.
        redirect_uri: String,
        /// What told the login from others in that address; it is not sent again.
        state: Secret,
    },
}

/// One token request: what is sent, and where.
#[derive(Clone, Debug)]
pub(crate) struct TokenRequest {
    /// Where the form goes.
    pub(crate) endpoint: Endpoint,
    /// What decided the host: the wrong one is the commonest cause of a refusal.
    pub(crate) host_source: HostSource,
    /// The consumer key of the app.
    pub(crate) client_id: String,
    /// Absent for a public client.
    pub(crate) client_secret: Option<Secret>,
    /// What is exchanged.
    pub(crate) grant: Grant,
    /// Secrets that are not sent, but that the server may know and repeat.
    pub(crate) others: Vec<Secret>,
}

impl Grant {
    /// Its part of the form.
    fn parameters(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::RefreshToken(token) => vec![("refresh_token", token.expose())],
            Self::AuthorizationCode {
                code,
                verifier,
                redirect_uri,
                ..
            } => vec![
                ("code", code.expose()),
                ("code_verifier", verifier.expose()),
                ("redirect_uri", redirect_uri),
            ],
        }
    }

    /// `grant_type`
    fn kind(&self) -> &'static str {
        match self {
            Self::RefreshToken(_) => "refresh_token",
            Self::AuthorizationCode { .. } => "authorization_code",
        }
    }

    /// What the server must not repeat on standard error.
    fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::RefreshToken(token) => vec![token],
            Self::AuthorizationCode {
                code,
                verifier,
                state,
                ..
            } => vec![code, verifier, state],
        }
    }
}

impl TokenRequest {
    /// The names and values of the form, in the order they are sent.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let secret = self.client_secret.as_ref().map(Secret::expose);
        [
            ("grant_type", self.grant.kind()),
            ("client_id", self.client_id.as_str()),
        ]
        .into_iter()
        .chain(secret.map(|secret| ("client_secret", secret)))
        .chain(self.grant.parameters())
    }

    /// The refresh token that is sent, if one is.
    pub(crate) fn refresh_token(&self) -> Option<&Secret> {
        match &self.grant {
            Grant::RefreshToken(token) => Some(token),
            Grant::AuthorizationCode { .. } => None,
        }
    }

    /// What the server refuses if it refuses the grant.
    pub(super) fn grant_name(&self) -> &'static str {
        match self.grant {
            Grant::RefreshToken(_) => "refresh token",
            Grant::AuthorizationCode { .. } => "code of the login",
        }
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
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        Secret::new(pairs.join("&"))
    }

    /// The host, for messages.
    pub(crate) fn host(&self) -> String {
        self.endpoint.authority()
    }

    /// What a server said, fit to be shown: without control characters, without the secrets of the
    /// request and those in `replied`, and not too long.
    pub(crate) fn harmless<'a>(
        &self,
        text: &str,
        replied: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let own = self.own_secrets().into_iter().map(Cow::Owned);
        let replied = replied.into_iter().map(Cow::Borrowed);
        fit_to_be_shown(text, own.chain(replied))
    }

    /// The secrets of the document, as they are or as the form has them.
    fn own_secrets(&self) -> Vec<String> {
        let secrets = self.grant.secrets().into_iter();
        let secrets = secrets.chain(&self.client_secret).chain(&self.others);
        let exposed = secrets.map(Secret::expose);
        exposed.flat_map(spellings).collect()
    }
}

/// A secret in every way in which a server may repeat it.
fn spellings(secret: &str) -> [String; 3] {
    let encoded = encoded(secret);
    [harmless(secret), encoded.replace('+', "%20"), encoded]
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
            grant: Grant::RefreshToken(Secret::new("5Aep/old+token=")),
            others: Vec::new(),
        }
    }

    #[test]
    fn the_form_is_encoded_as_the_url_standard_says() {
        assert_eq!(
            request("s3cr3t key~").form().expose(),
            "grant_type=refresh_token&client_id=id+%26+%C3%A4&\
             client_secret=s3cr3t+key%7E&refresh_token=5Aep%2Fold%2Btoken%3D"
        );
    }

    #[test]
    fn what_a_server_says_loses_every_secret_that_it_was_sent() {
        for secret in ["5Aep/old+token=", "s3cr3t key~"] {
            let encoded = encoded(secret);
            let echoes = [
                secret.to_owned(),
                encoded.replace('+', "%20"),
                encoded.to_lowercase(),
                encoded.chars().flat_map(|c| ['\u{200b}', c]).collect(),
            ];
            for echo in echoes {
                let said = request("s3cr3t key~").harmless(&format!("a {echo} b {echo}"), []);
                assert_eq!(said, "a [REDACTED] b [REDACTED]", "{echo}");
            }
        }
    }

    #[test]
    fn what_a_server_says_loses_every_secret_of_a_login() {
        let mut login = request("s3cr3t key~");
        login.grant = Grant::AuthorizationCode {
            code: Secret::new("aPrx.code"),
            verifier: Secret::new("verifier-1"),
            redirect_uri: "https://a.example/success".to_owned(),
            state: Secret::new("state-1234"),
        };
        let said = "aPrx.code, verifier-1 and state-1234 at https://a.example/success";
        assert_eq!(
            login.harmless(said, []),
            "[REDACTED], [REDACTED] and [REDACTED] at https://a.example/success"
        );
        assert!(!login.form().expose().contains("state-1234"));
    }

    #[test]
    fn a_secret_with_invisible_characters_is_recognised_without_them() {
        let pasted = request("\u{feff}s3cr\u{200b}3t-key");
        assert_eq!(pasted.harmless("not s3cr3t-key", []), "not [REDACTED]");
    }

    #[test]
    fn what_a_server_says_is_cut_to_two_hundred_characters_behind_the_secrets() {
        let said = format!("{}5Aep/old+token=", "x".repeat(195));
        assert_eq!(
            request("s").harmless(&said, []),
            format!("{}[REDA", "x".repeat(195))
        );
    }
}
