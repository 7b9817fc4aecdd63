//! A script that lets somebody log in: the web server flow with PKCE, as strict as can be.
//!
//! A login has two halves, the address for the browser and the exchange of its code, and the second
//! is only as safe as it is checked against the first. [`Authorizing`] remembers what the browser
//! brought and refuses a code that comes with another client, callback or verifier. After the
//! exchange the session goes on as in [`Rotating`].

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::proof::{Fault, check_proof, fits};
use super::reply::Reply;
use super::request::Request;
use super::salesforce::Rotating;
use super::script::{IntoScript, Script};

/// Where the browser goes, on every host.
const AUTHORIZE_PATH: &str = "/services/oauth2/authorize";

/// The page of Salesforce's own that serves as a callback.
pub(super) const SUCCESS_PATH: &str = "/services/oauth2/success";

/// Where Salesforce sends a browser that it cannot send to the callback.
const ERROR_PATH: &str = "/setup/secur/RemoteAccessErrorPage.apexp";

/// An app that somebody logs in to; clones share its memory.
///
/// Login N brings the access token `00D!login-N` and the refresh token `5Aep-login-N`, and its
/// refreshes those of [`Rotating`]. A new login ends the session of the one before.
#[derive(Clone)]
pub(crate) struct Authorizing {
    /// The consumer key.
    client_id: String,
    /// The consumer secret of an app that has one.
    client_secret: Option<String>,
    /// What the browser gets in place of a code.
    refusal: Option<(String, String)>,
    /// What the exchange of a code brings in place of tokens of its own.
    reply: Option<Reply>,
    /// What happened so far.
    memory: Arc<Mutex<Memory>>,
}

/// What an app remembers.
#[derive(Default)]
struct Memory {
    /// Its callback URL, to the letter.
    callback: String,
    /// Where a browser goes that cannot go there.
    error_page: String,
    /// Every code that was given out.
    codes: Vec<Code>,
    /// The session of the last login.
    session: Option<Rotating>,
}

/// A code, and what it is bound to.
struct Code {
    /// The code itself, not encoded.
    value: String,
    /// The challenge that its verifier has to fit.
    challenge: String,
    /// Set once it was presented, for better or worse.
    is_used: bool,
}

impl Authorizing {
    /// A public app with this consumer key, which has to be told where it serves.
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: None,
            refusal: None,
            reply: None,
            memory: Arc::default(),
        }
    }

    /// Demands this secret with a code.
    pub(crate) fn client_secret(mut self, secret: &str) -> Self {
        self.client_secret = Some(secret.to_owned());
        self
    }

    /// Sends the browser back with this error in place of a code.
    pub(crate) fn refusing(mut self, code: &str, description: &str) -> Self {
        self.refusal = Some((code.to_owned(), description.to_owned()));
        self
    }

    /// Answers the exchange of a good code with this.
    pub(crate) fn replying(mut self, reply: Reply) -> Self {
        self.reply = Some(reply);
        self
    }

    /// Serves at this origin, whose own page is the callback until another is set.
    pub(crate) fn serve_at(&self, origin: &str) {
        self.set_callback(&format!("{origin}{SUCCESS_PATH}"));
        self.memory().error_page = format!("{origin}{ERROR_PATH}");
    }

    /// Accepts this callback URL only.
    pub(crate) fn set_callback(&self, url: &str) {
        url.clone_into(&mut self.memory().callback);
    }

    /// Every code so far, as the exchange has to present it.
    pub(crate) fn codes(&self) -> Vec<String> {
        let memory = self.memory();
        memory.codes.iter().map(|code| code.value.clone()).collect()
    }

    /// Answers one request of a browser or of a client.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        match request.line.split(' ').next() {
            Some("GET") => self.authorize(request),
            _ if request.param("grant_type") == Some("authorization_code") => {
                self.exchange(request).unwrap_or_else(refused)
            }
            _ => self.refresh(request),
        }
    }

    /// What is remembered, whatever became of other threads.
    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the browser on: to the callback, or to the page of errors where that is in doubt.
    fn authorize(&self, request: &Request) -> Reply {
        if request.path() != AUTHORIZE_PATH {
            return Reply::status(404);
        }
        let query = |name: &str| request.query(name).unwrap_or_default();
        let mut memory = self.memory();
        if let Err((code, description)) = self.check_app(&memory, &query) {
            return redirect(&memory.error_page, &error_parameters(code, description));
        }
        let state = query("state");
        let mut parameters = match (check_proof(&query), &self.refusal) {
            (Err((code, description)), _) => error_parameters(code, description),
            (Ok(()), Some((code, description))) => error_parameters(code, description),
            (Ok(()), None) => vec![("code", memory.new_code(query("code_challenge")))],
        };
        parameters.push(("state", state));
        redirect(&memory.callback, &parameters)
    }

    /// Whether the browser was sent by this app and goes back to it.
    fn check_app(&self, memory: &Memory, query: &impl Fn(&str) -> String) -> Result<(), Fault> {
        if query("client_id") != self.client_id {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        if query("redirect_uri") != memory.callback {
            let description = "redirect_uri must match configuration";
            return Err(("redirect_uri_mismatch", description));
        }
        Ok(())
    }

    /// Exchanges a code for the first tokens of a session.
    fn exchange(&self, request: &Request) -> Result<Reply, Fault> {
        self.check_client(request)?;
        let param = |name: &str| request.param(name).unwrap_or_default();
        let mut memory = self.memory();
        if param("redirect_uri") != memory.callback {
            let description = "redirect_uri must match configuration";
            return Err(("redirect_uri_mismatch", description));
        }
        let number = memory.redeem(param("code"), param("code_verifier"))?;
        let refresh_token = format!("5Aep-login-{number}");
        memory.session = Some(Rotating::new(&refresh_token).client_id(&self.client_id));
        let access_token = format!("00D!login-{number}");
        let tokens = || Reply::rotated_token(&access_token, &refresh_token);
        Ok(self.reply.clone().unwrap_or_else(tokens))
    }

    /// Whether the client is the app: a secret that is sent is always checked.
    fn check_client(&self, request: &Request) -> Result<(), Fault> {
        if request.param("client_id") != Some(&self.client_id) {
            return Err(("invalid_client_id", "client identifier invalid"));
        }
        if request.param("client_secret") != self.client_secret.as_deref() {
            return Err(("invalid_client", "invalid client credentials"));
        }
        Ok(())
    }

    /// Continues the session of the last login.
    fn refresh(&self, request: &Request) -> Reply {
        match &self.memory().session {
            Some(session) => session.answer(request),
            None => refused(("invalid_grant", "expired access/refresh token")),
        }
    }
}

impl Memory {
    /// Gives out a code in the style of Salesforce's, which end in what has to be encoded.
    fn new_code(&mut self, challenge: String) -> String {
        let number = self.codes.len() + 1;
        let value = format!("aPrxQ7rY.n{number}_kW0zvT1uJm4==");
        self.codes.push(Code {
            value: value.clone(),
            challenge,
            is_used: false,
        });
        value
    }

    /// The number of a code that is presented for the first time, with its verifier. A second time
    /// ends what came of the first (RFC 6749, section 4.1.2).
    fn redeem(&mut self, value: &str, verifier: &str) -> Result<usize, Fault> {
        let found = self.codes.iter().position(|code| code.value == value);
        let found = found.ok_or(("invalid_grant", "invalid authorization code"))?;
        let code = &mut self.codes[found];
        if code.is_used {
            self.session = None;
            return Err(("invalid_grant", "expired authorization code"));
        }
        code.is_used = true;
        if !fits(verifier, &code.challenge) {
            return Err(("invalid_grant", "invalid code verifier"));
        }
        Ok(found + 1)
    }
}

impl IntoScript for Authorizing {
    fn into_script(self) -> Script {
        Box::new(move |request| self.answer(request))
    }
}

/// A refusal by the token endpoint.
fn refused((code, description): Fault) -> Reply {
    Reply::error(400, code, description)
}

/// What tells the page where the browser lands that there is no code.
fn error_parameters(code: &str, description: &str) -> Vec<(&'static str, String)> {
    let parameters = [("error", code), ("error_description", description)];
    parameters
        .map(|(name, value)| (name, value.to_owned()))
        .into()
}

/// Sends the browser to a page with parameters.
fn redirect(page: &str, parameters: &[(&str, String)]) -> Reply {
    let pairs = parameters.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    Reply::status(302).header("Location", &format!("{page}?{}", pairs.join("&")))
}

/// The text as Salesforce writes it into an address: all that could have a meaning is escaped.
fn encoded(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(byte.into());
        } else {
            write!(escaped, "%{byte:02X}").expect("a string takes all");
        }
    }
    escaped
}
