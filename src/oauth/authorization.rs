//! The way through the browser: the address that goes out, and the address that comes back.
//!
//! Web server flow (RFC 6749, section 4.1) with PKCE. The address that comes back is pasted by a
//! person, so each thing that can be wrong with it is told apart, and it is asked for again.

use super::browser::as_browsers_show;
use super::form::{decoded, encoded};
use super::not_allowed::NotAllowed;
use super::pkce::{challenge, random};
use super::request::Grant;
use crate::endpoint::Endpoint;
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

    /// Reads the address of the page where the login with this token endpoint ended.
    pub(crate) fn landing(&self, pasted: &str, endpoint: &Endpoint) -> Landing {
        let pasted = pasted.trim();
        if !pasted.contains("://") {
            return unusable("this is no address");
        }
        if pasted.matches(&self.redirect_uri).count() > 1 {
            return unusable(NOT_ONE);
        }
        let parameter = |name: &str| parameter(pasted, name);
        let state = parameter("state");
        let not_ours = self.not_ours(state.as_deref());
        if let Some(code) = parameter("error").filter(|code| !code.is_empty()) {
            // The pages of Salesforce that name an error do not all repeat the state.
            if let Some(why) = not_ours.filter(|_| state.is_some()) {
                return unusable(why);
            }
            let description = parameter("error_description").unwrap_or_default();
            let refused = NotAllowed {
                endpoint,
                redirect_uri: &self.redirect_uri,
                code: &code,
                description: &description,
            };
            return Landing::Refused(refused.error([&self.state, &self.verifier]));
        }
        if !self.is_at_redirect_uri(pasted) {
            let redirect_uri = &self.redirect_uri;
            return unusable(format!("this address does not start with {redirect_uri}"));
        }
        match parameter("code") {
            None => unusable("there is no code in this address"),
            Some(code) if code.is_empty() => unusable("the code in this address is empty"),
            Some(code) => not_ours.map_or_else(|| Landing::Code(Secret::new(code)), unusable),
        }
    }

    /// Why an address with this state is not that of this login, if it is not.
    fn not_ours(&self, state: Option<&str>) -> Option<&'static str> {
        let ours = self.state.expose();
        match state.unwrap_or_default() {
            state if state == ours => None,
            // The end is missing.
            state if ours.starts_with(state) => Some(NOT_ONE),
            _ => Some(ANOTHER_LOGIN),
        }
    }

    /// Whether an address is the redirect URI with parameters behind it, or without.
    fn is_at_redirect_uri(&self, address: &str) -> bool {
        let address = as_browsers_show(address);
        let behind = address.strip_prefix(&*as_browsers_show(&self.redirect_uri));
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '&', '#']))
    }
}

/// What is wrong with a line that has a part of the address, or more than one.
const NOT_ONE: &str = "this address is not whole, or there twice";

/// What is wrong with an address that has another state.
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

    fn endpoint() -> Endpoint {
        Endpoint::parse("https://a.example").expect("a URL")
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
            let landing = login().landing(&format!("  {REDIRECT_URI}{address}\r\n"), &endpoint());
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
                let landing =
                    login.landing(&format!("{address}{sign}code=c&state=st"), &endpoint());
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
            let landing = login.landing(&format!("{other}?code=c&state=st"), &endpoint());
            assert!(matches!(landing, Landing::Unusable(_)), "{other}");
        }
    }

    #[test]
    fn a_refusal_of_another_login_ends_nothing() {
        let refused = |state: &str| {
            let address = format!("{REDIRECT_URI}?error=access_denied{state}");
            login().landing(&address, &endpoint())
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
            ("https://a.example/services/oauth2/success?code=c", NOT_ONE),
            (
                "https://a.example/services/oauth2/success?code=c&state=s",
                NOT_ONE,
            ),
            (
                "https://a.example/services/oauth2/success?code=c&state=st\
                 https://a.example/services/oauth2/success?code=c&state=st",
                NOT_ONE,
            ),
        ];
        for (pasted, why) in cases {
            assert_eq!(
                login().landing(pasted, &endpoint()),
                unusable(why),
                "{pasted}"
            );
        }
    }
}
