//! The way through the browser: the address that goes out, and the address that comes back.
//!
//! Web server flow (RFC 6749, section 4.1) with PKCE. The address that comes back is pasted by a
//! person, so each thing that can be wrong with it is told apart, and it is asked for again.

use super::form::{decoded, encoded};
use super::pkce::{challenge, random};
use super::request::Grant;
use crate::error::Error;
use crate::secret::Secret;

/// One login, from its address to its code.
#[derive(Debug)]
pub(crate) struct Authorization {
    /// Where a person logs in.
    endpoint: String,
    /// The consumer key of the app.
    client_id: String,
    /// A callback URL of the app, to the letter.
    redirect_uri: String,
    /// Tells this login from others.
    pub(crate) state: Secret,
    /// Proves that who has the code is who asked for it.
    pub(crate) verifier: Secret,
}

/// What a pasted line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// The code of this login.
    Code(Secret),
    /// The login was refused.
    Refused {
        /// The `error`.
        code: String,
        /// The `error_description`, empty where there is none.
        description: String,
    },
    /// Something else; this says what, and that it is to be pasted again.
    Unusable(String),
}

impl Authorization {
    /// A new login with values of its own.
    ///
    /// # Errors
    /// `SOFTWARE` if the system has no randomness to give.
    pub(crate) fn new(
        endpoint: String,
        client_id: String,
        redirect_uri: String,
    ) -> Result<Self, Error> {
        Ok(Self {
            endpoint,
            client_id,
            redirect_uri,
            state: random()?,
            verifier: random()?,
        })
    }

    /// The address to open in a browser. Without `scope` the app's own scopes are granted.
    pub(crate) fn address(&self) -> String {
        let challenge = challenge(&self.verifier);
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", self.state.expose()),
        ];
        let query = parameters.map(|(name, value)| format!("{name}={}", encoded(value)));
        format!("{}?{}", self.endpoint, query.join("&"))
    }

    /// Where the login ends.
    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// What is exchanged for the tokens.
    pub(crate) fn grant(self, code: Secret) -> Grant {
        Grant::AuthorizationCode {
            code,
            verifier: self.verifier,
            redirect_uri: self.redirect_uri,
        }
    }

    /// Reads the address of the page where the login ended.
    pub(crate) fn landing(&self, pasted: &str) -> Landing {
        let pasted = pasted.trim();
        if !pasted.contains("://") {
            return unusable("this is no address");
        }
        let parameter = |name: &str| parameter(pasted, name);
        if let Some(code) = parameter("error").filter(|code| !code.is_empty()) {
            let description = parameter("error_description").unwrap_or_default();
            return Landing::Refused { code, description };
        }
        if !self.is_at_redirect_uri(pasted) {
            let redirect_uri = &self.redirect_uri;
            return unusable(format!("this address does not start with {redirect_uri}"));
        }
        match (parameter("code"), parameter("state")) {
            (None, _) => unusable("there is no code in this address"),
            (Some(code), _) if code.is_empty() => unusable("the code in this address is empty"),
            (_, state) if state.as_deref() != Some(self.state.expose()) => {
                unusable("this address is of another login, by its state")
            }
            (Some(code), _) => Landing::Code(Secret::new(code)),
        }
    }

    /// Whether an address is the redirect URI with parameters behind it, or without.
    fn is_at_redirect_uri(&self, address: &str) -> bool {
        let behind = address.strip_prefix(&*self.redirect_uri);
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '&', '#']))
    }
}

/// A line that is of no use.
fn unusable(why: impl Into<String>) -> Landing {
    Landing::Unusable(why.into())
}

/// A parameter in the query of an address, decoded once.
fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    Some(decoded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIRECT_URI: &str = "https://a.example/services/oauth2/success";

    fn login() -> Authorization {
        Authorization {
            endpoint: "https://a.example/services/oauth2/authorize".to_owned(),
            client_id: "3MVG9 &".to_owned(),
            redirect_uri: REDIRECT_URI.to_owned(),
            state: Secret::new("st"),
            verifier: Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        }
    }

    #[test]
    fn the_address_has_the_challenge_and_not_the_verifier() {
        assert_eq!(
            login().address(),
            "https://a.example/services/oauth2/authorize?response_type=code&client_id=3MVG9+%26\
             &redirect_uri=https%3A%2F%2Fa.example%2Fservices%2Foauth2%2Fsuccess\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256&state=st"
        );
    }

    #[test]
    fn the_code_is_decoded_once() {
        for address in [
            "?code=aPrx%2541%3D%3D&state=st",
            "?state=st&code=aPrx%2541%3D%3D#",
        ] {
            let landing = login().landing(&format!("  {REDIRECT_URI}{address}\r\n"));
            assert_eq!(
                landing,
                Landing::Code(Secret::new("aPrx%41==")),
                "{address}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_told_apart() {
        let cases = [
            ("aPrx", "this is no address"),
            (
                "https://a.example/other?code=c&state=st",
                "this address does not start with https://a.example/services/oauth2/success",
            ),
            (REDIRECT_URI, "there is no code in this address"),
            (
                "https://a.example/services/oauth2/success?code=c&state=x",
                "this address is of another login, by its state",
            ),
            (
                "https://a.example/services/oauth2/success?code=c",
                "this address is of another login, by its state",
            ),
        ];
        for (pasted, why) in cases {
            assert_eq!(login().landing(pasted), unusable(why), "{pasted}");
        }
    }
}
