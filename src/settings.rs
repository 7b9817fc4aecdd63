//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins. Verbose output says which it was, since "why that endpoint?" is the
//! first question when a run does something unexpected.

mod files;
mod sourced;
mod untrusted;

use std::path::PathBuf;

use crate::deadline::Deadline;
use crate::document::Document;
use crate::endpoint::{Endpoint, HOST_MEMBERS, HostSource};
use crate::error::{Class, Error};
use crate::http::{Client, ProxySetting, Roots, proxy_for};
use crate::oauth::{Grant, TokenRequest};
use crate::say;
use crate::secret::{Secret, unless_secret};
use files::{read_roots, read_secret};
use untrusted::untrusted;

pub(crate) use sourced::{SecretSource, Sourced};

/// What options and environment say of requests; nothing has been read yet.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `--client-id` or its variable.
    pub(crate) client_id: Option<Sourced<String>>,
    /// `--client-secret-file` or its variable.
    pub(crate) client_secret: Option<SecretSource>,
    /// `--token-endpoint` or its variable.
    pub(crate) endpoint: Option<Sourced<Endpoint>>,
    /// `--cacert` or its variable.
    pub(crate) cacert: Option<Sourced<PathBuf>>,
    /// The proxy of the environment.
    pub(crate) proxy: Option<ProxySetting>,
    /// The hosts that are reached without it.
    pub(crate) no_proxy: Option<String>,
}

/// The same with the files that they name.
pub(crate) struct Loaded {
    /// `--client-id` or its variable.
    client_id: Option<Sourced<String>>,
    /// The client secret of the caller.
    client_secret: Option<Sourced<Secret>>,
    /// `--token-endpoint` or its variable.
    endpoint: Option<Sourced<Endpoint>>,
    /// What certificates are checked against.
    roots: Roots,
    /// The proxy of the environment.
    proxy: Option<ProxySetting>,
    /// The hosts that are reached without it.
    no_proxy: Option<String>,
}

/// Whom to ask for tokens, and as which app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    /// Where requests go.
    pub(crate) endpoint: Endpoint,
    /// What decided that.
    host_source: HostSource,
    /// The consumer key.
    pub(crate) client_id: String,
    /// Absent for a public client.
    client_secret: Option<Secret>,
}

impl Settings {
    /// Reads the secret file and the CA file.
    ///
    /// # Errors
    /// `NOINPUT`, also if they cannot be read by the deadline.
    pub(crate) fn load(self, deadline: Deadline) -> Result<Loaded, Error> {
        let roots = self.cacert.map_or_else(
            || Ok(Roots::built_in()),
            |cacert| read_roots(cacert, deadline),
        )?;
        for warning in &roots.warnings {
            say::warning(warning);
        }
        say::step(|| format!("roots: {}", roots.describe()));
        Ok(Loaded {
            client_id: self.client_id,
            client_secret: self
                .client_secret
                .map(|source| read_secret(source, deadline))
                .transpose()?,
            endpoint: self.endpoint,
            roots,
            proxy: self.proxy,
            no_proxy: self.no_proxy,
        })
    }
}

impl App {
    /// The request for a grant; the server may know the tokens of the document, and repeat them.
    pub(crate) fn request(self, grant: Grant, document: &Document) -> TokenRequest {
        let known = ["access_token", "refresh_token"].map(|name| document.text(name));
        TokenRequest {
            endpoint: self.endpoint,
            host_source: self.host_source,
            client_id: self.client_id,
            client_secret: self.client_secret,
            grant,
            others: known.into_iter().flatten().map(Secret::new).collect(),
        }
    }
}

impl Loaded {
    /// Whom to ask for tokens, and as which app; messages call the document `name`.
    ///
    /// # Errors
    /// `USAGE` if there is no client id, or no endpoint that could be trusted; `DATAERR` if a member is
    /// no id or secret.
    pub(crate) fn app(&self, document: &Document, name: &str) -> Result<App, Error> {
        let client_id = self.client_id(document, name)?;
        let client_secret = self.client_secret(document, name)?;
        let (endpoint, host_source) = self.endpoint(document, name)?;
        say::step(|| format!("endpoint: {} (from {host_source})", endpoint.shown()));
        say::step(|| {
            let (id, source) = (unless_secret(&client_id.value), client_id.source);
            format!("client id: {id} (from {source})")
        });
        say::step(|| match &client_secret {
            Some(secret) => format!("client secret: yes (from {})", secret.source),
            None => "client secret: none, a public client".to_owned(),
        });
        Ok(App {
            endpoint,
            host_source,
            client_id: client_id.value,
            client_secret: client_secret.map(|secret| secret.value),
        })
    }

    /// The same for a new login: a client secret in the document is that of the client id beside it.
    ///
    /// # Errors
    /// As [`Loaded::app`].
    pub(crate) fn login_app(&self, document: &Document, name: &str) -> Result<App, Error> {
        let given = self.client_id.as_ref().map(|id| id.value.as_str());
        let mut document = document.clone();
        if let Some(client_id) = given {
            document.forget_secret_of_others(client_id);
        }
        self.app(&document, name)
    }

    /// What to send for the refresh token of a document, and where.
    ///
    /// # Errors
    /// As [`Loaded::app`].
    pub(crate) fn refresh_request(
        &self,
        document: &Document,
        name: &str,
    ) -> Result<TokenRequest, Error> {
        let grant = Grant::RefreshToken(document.refresh_token());
        Ok(self.app(document, name)?.request(grant, document))
    }

    /// A client for the host that a request goes to.
    pub(crate) fn client(&self, request: &TokenRequest, deadline: Deadline) -> Client {
        let no_proxy = self.no_proxy.as_deref();
        let proxy = proxy_for(&request.endpoint, self.proxy.clone(), no_proxy);
        say::step(|| match &proxy {
            Some(proxy) => format!("proxy: {}", proxy.describe()),
            None => "proxy: none".to_owned(),
        });
        Client::new(&self.roots, proxy, deadline)
    }

    /// The client id.
    fn client_id(&self, document: &Document, name: &str) -> Result<Sourced<String>, Error> {
        if let Some(given) = self
            .client_id
            .as_ref()
            .filter(|it| it.goes_before(document))
        {
            return Ok(given.clone());
        }
        let member = pasted(document, "client_id", name)?;
        let member = member.map(|id| Sourced {
            value: id.to_owned(),
            source: "client_id in the document",
        });
        member.ok_or_else(|| {
            let app = match document.refresh_token().expose() {
                "" => "the app",
                _ => "the app that logged in",
            };
            Error::new(
                Class::Usage,
                format!("no client id for {name}"),
                format!("give --client-id or SFTOKEN_CLIENT_ID: the consumer key of {app}"),
            )
        })
    }

    /// The client secret, if this is no public client.
    fn client_secret(
        &self,
        document: &Document,
        name: &str,
    ) -> Result<Option<Sourced<Secret>>, Error> {
        let given = self.client_secret.as_ref();
        if let Some(given) = given.filter(|it| it.goes_before(document)) {
            return Ok(Some(given.clone()));
        }
        let member = pasted(document, "client_secret", name)?;
        Ok(member.map(|secret| Sourced {
            value: Secret::new(secret),
            source: "client_secret in the document",
        }))
    }

    /// The token endpoint, and what decided it.
    fn endpoint(&self, document: &Document, name: &str) -> Result<(Endpoint, HostSource), Error> {
        if let Some(Sourced { value, source }) = &self.endpoint {
            return Ok((value.clone(), HostSource::Given(source)));
        }
        named_endpoint(document, name)
    }
}

/// The token endpoint where nobody gives one, and what decided it.
///
/// # Errors
/// `USAGE` if the document names one that is not trusted.
pub(crate) fn named_endpoint(
    document: &Document,
    name: &str,
) -> Result<(Endpoint, HostSource), Error> {
    let text = |member| Some((member, document.text(member)?));
    let Some((member, url)) = HOST_MEMBERS.into_iter().find_map(text) else {
        return Ok((Endpoint::usual(), HostSource::Default));
    };
    let (source, named_by) = if document.is_from_auth_url() {
        (HostSource::AuthUrl, "the auth URL")
    } else {
        (HostSource::Member(member), member)
    };
    let endpoint =
        Endpoint::of_member(member, url).map_err(|why| untrusted(name, named_by, url, why))?;
    Ok((endpoint, source))
}

/// A member that people paste, of the document called `name`.
fn pasted<'a>(document: &'a Document, member: &str, name: &str) -> Result<Option<&'a str>, Error> {
    let value = document.pasted(member);
    value.map_err(|why| why.within(format_args!("cannot use {name}")))
}
