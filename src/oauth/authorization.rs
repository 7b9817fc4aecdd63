//! The way through the browser: the address that goes out, and the address that comes back.
//!
//! Web server flow (RFC 6749, section 4.1) with PKCE. The address that comes back is pasted by a
//! person, so each thing that can be wrong with it is told apart, and it is asked for again.

use super::browser::as_browsers_show;
use super::form::{decoded, encoded};
use super::pkce::{challenge, random};
use super::request::Grant;
use super::shown::fit_to_be_shown;
use crate::error::{Class, Error};
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
    state: Secret,
    /// Proves that who has the code is who asked for it.
    verifier: Secret,
}

/// What a pasted line is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// The code of this login.
    Code(Secret),
    /// The login was refused.
    Refused(Error),
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

    /// What is exchanged for the tokens.
    pub(crate) fn grant(self, code: Secret) -> Grant {
        Grant::AuthorizationCode {
            code,
            verifier: self.verifier,
            redirect_uri: self.redirect_uri,
            state: self.state,
        }
    }

    /// Reads the address of the page where the login at `host` ended.
    pub(crate) fn landing(&self, pasted: &str, host: &str) -> Landing {
        let pasted = pasted.trim();
        if !pasted.contains("://") {
            return unusable("this is no address");
        }
        let parameter = |name: &str| parameter(pasted, name);
        let state = parameter("state");
        let is_ours = state.as_deref() == Some(self.state.expose());
        if let Some(code) = parameter("error").filter(|code| !code.is_empty()) {
            // The pages of Salesforce that name an error do not all repeat the state.
            if state.is_some() && !is_ours {
                return unusable(ANOTHER_LOGIN);
            }
            let description = parameter("error_description").unwrap_or_default();
            return Landing::Refused(self.refused(host, &code, &description));
        }
        if !self.is_at_redirect_uri(pasted) {
            let redirect_uri = &self.redirect_uri;
            return unusable(format!("this address does not start with {redirect_uri}"));
        }
        match parameter("code") {
            None => unusable("there is no code in this address"),
            Some(code) if code.is_empty() => unusable("the code in this address is empty"),
            Some(_) if !is_ours => unusable(ANOTHER_LOGIN),
            Some(code) => Landing::Code(Secret::new(code)),
        }
    }

    /// The failure of a login that the server refused (RFC 6749, section 4.1.2.1).
    fn refused(&self, host: &str, code: &str, description: &str) -> Error {
        let class = match code {
            "access_denied" => Class::NoPerm,
            _ => Class::Config,
        };
        let said = match description {
            "" => code.to_owned(),
            _ => format!("{code}: {description}"),
        };
        let secrets = [self.state.expose(), self.verifier.expose()];
        let said = fit_to_be_shown(&said, secrets);
        Error::new(
            class,
            format!("{host} refused the login: {said}"),
            self.cure(code),
        )
    }

    /// What to do about a refused login.
    fn cure(&self, code: &str) -> String {
        match code {
            "access_denied" => "log in again, and allow the access".to_owned(),
            "redirect_uri_mismatch" => format!(
                "the app must have this callback URL, to the letter: {}; or give one that it has as --redirect-uri",
                self.redirect_uri
            ),
            "OAUTH_EC_APP_NOT_FOUND" => {
                "an administrator must install the app in this org, or allow it there".to_owned()
            }
            "OAUTH_APPROVAL_ERROR_GENERIC" => {
                "an administrator must let this user use the app: pre-authorize it by profile or permission set".to_owned()
            }
            _ => "check the app: its callback URL, its scopes and its policies".to_owned(),
        }
    }

    /// Whether an address is the redirect URI with parameters behind it, or without.
    fn is_at_redirect_uri(&self, address: &str) -> bool {
        let address = as_browsers_show(address);
        let behind = address.strip_prefix(&*as_browsers_show(&self.redirect_uri));
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '&', '#']))
    }
}

/// What is wrong with an address that has another state, or none.
const ANOTHER_LOGIN: &str = "this address is of another login, by its state";

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
            let landing = login().landing(&format!("  {REDIRECT_URI}{address}\r\n"), "a.example");
            assert_eq!(
                landing,
                Landing::Code(Secret::new("aPrx%41==")),
                "{address}"
            );
        }
    }

    #[test]
    fn a_browser_spells_the_address_its_own_way() {
        let cases = [
            ("http://localhost:1717", "http://localhost:1717/"),
            ("http://localhost?a=1", "http://localhost/?a=1"),
            ("HTTPS://A.Example:443/Cb", "https://a.example/Cb"),
            ("http://localhost:80/cb", "http://localhost/cb"),
            ("App:///Cb", "App:///Cb"),
        ];
        for (redirect_uri, shown) in cases {
            let login = Authorization {
                redirect_uri: redirect_uri.to_owned(),
                ..login()
            };
            for address in [redirect_uri, shown] {
                let sign = if address.contains('?') { '&' } else { '?' };
                let landing = login.landing(&format!("{address}{sign}code=c&state=st"), "h");
                assert_eq!(landing, Landing::Code(Secret::new("c")), "{address}");
            }
        }
        for other in [
            "http://localhost:1717/x",
            "https://localhost:1717/",
            "http://localhost:17170/",
        ] {
            let login = Authorization {
                redirect_uri: "http://localhost:1717".to_owned(),
                ..login()
            };
            let landing = login.landing(&format!("{other}?code=c&state=st"), "h");
            assert!(matches!(landing, Landing::Unusable(_)), "{other}");
        }
    }

    #[test]
    fn a_refusal_of_another_login_ends_nothing() {
        let refused = |state: &str| {
            let address = format!("{REDIRECT_URI}?error=access_denied{state}");
            login().landing(&address, "a.example")
        };
        assert_eq!(refused("&state=x"), unusable(ANOTHER_LOGIN));
        for state in ["&state=st", ""] {
            assert!(matches!(refused(state), Landing::Refused(_)), "{state}");
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
            assert_eq!(
                login().landing(pasted, "a.example"),
                unusable(why),
                "{pasted}"
            );
        }
    }
}
