//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins. Verbose output says which it was, since "why that endpoint?" is the
//! first question when a run does something unexpected.

use std::path::PathBuf;

use crate::deadline::Deadline;
use crate::document::Document;
use crate::endpoint::{Endpoint, HostSource};
use crate::error::{Class, Error};
use crate::http::{Client, ProxySetting, Roots, proxy_for};
use crate::input::{Input, unreadable};
use crate::oauth::{Grant, TokenRequest};
use crate::say;
use crate::secret::Secret;

/// 64 KiB, far above any client secret: `/dev/zero` must end somewhere.
const MAX_SECRET_LEN: usize = 64 * 1024;

/// 16 MiB. The bundles of operating systems have about 250 KiB.
const MAX_CA_LEN: usize = 16 * 1024 * 1024;

/// A value, and what gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    /// The value.
    pub(crate) value: T,
    /// An option, a variable or a member of the document.
    pub(crate) source: &'static str,
}

/// Where the client secret comes from.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// `--client-secret-file`
    File(Input),
    /// The variable.
    Environment(Secret),
}

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

impl Settings {
    /// Reads the secret file and the CA file.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn load(self) -> Result<Loaded, Error> {
        let roots = self
            .cacert
            .map_or_else(|| Ok(Roots::built_in()), read_roots)?;
        for warning in &roots.warnings {
            say::warning(warning);
        }
        say::step(|| format!("roots: {}", roots.describe()));
        Ok(Loaded {
            client_id: self.client_id,
            client_secret: self.client_secret.map(read_secret).transpose()?,
            endpoint: self.endpoint,
            roots,
            proxy: self.proxy,
            no_proxy: self.no_proxy,
        })
    }
}

impl Loaded {
    /// What to send for a document, and where; messages call the document `name`.
    ///
    /// # Errors
    /// `USAGE` if there is no client id, or no endpoint that could be trusted.
    pub(crate) fn request(&self, document: &Document, name: &str) -> Result<TokenRequest, Error> {
        let client_id = self.client_id(document, name)?;
        let client_secret = self.client_secret(document);
        let (endpoint, host_source) = self.endpoint(document)?;
        say::step(|| format!("endpoint: {endpoint} (from {host_source})"));
        say::step(|| {
            let (id, source) = (&client_id.value, client_id.source);
            format!("client id: {id} (from {source})")
        });
        say::step(|| match &client_secret {
            Some(secret) => format!("client secret: yes (from {})", secret.source),
            None => "client secret: none, a public client".to_owned(),
        });
        Ok(TokenRequest {
            endpoint,
            host_source,
            client_id: client_id.value,
            client_secret: client_secret.map(|secret| secret.value),
            grant: Grant::RefreshToken(document.refresh_token()),
            others: document
                .text("access_token")
                .map(Secret::new)
                .into_iter()
                .collect(),
        })
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
        let member = || {
            document.text("client_id").map(|id| Sourced {
                value: id.to_owned(),
                source: "client_id in the document",
            })
        };
        self.client_id.clone().or_else(member).ok_or_else(|| {
            Error::new(
                Class::Usage,
                format!("no client id for {name}"),
                "give --client-id or SFTOKEN_CLIENT_ID: the consumer key of the connected app that logged in",
            )
        })
    }

    /// The client secret, if this is no public client.
    fn client_secret(&self, document: &Document) -> Option<Sourced<Secret>> {
        let member = || {
            document.text("client_secret").map(|secret| Sourced {
                value: Secret::new(secret),
                source: "client_secret in the document",
            })
        };
        self.client_secret.clone().or_else(member)
    }

    /// The token endpoint, and what decided it.
    fn endpoint(&self, document: &Document) -> Result<(Endpoint, HostSource), Error> {
        if let Some(Sourced { value, source }) = &self.endpoint {
            return Ok((value.clone(), HostSource::Given(source)));
        }
        let by_id = document.text("id").and_then(Endpoint::of_id);
        let by_instance = || {
            document
                .text("instance_url")
                .and_then(Endpoint::of_instance)
        };
        if let Some(endpoint) = by_id {
            Ok((endpoint, HostSource::Member("id")))
        } else if let Some(endpoint) = by_instance() {
            Ok((endpoint, HostSource::Member("instance_url")))
        } else if document.is_from_auth_url() {
            Err(Error::new(
                Class::Usage,
                "no token endpoint: the host of the auth URL is not of Salesforce",
                "if you trust that host, give it as --token-endpoint",
            ))
        } else {
            Ok((Endpoint::usual(), HostSource::Default))
        }
    }
}

/// The trusted roots in a file.
fn read_roots(Sourced { value, source }: Sourced<PathBuf>) -> Result<Roots, Error> {
    let input = Input::Path(value);
    let name = match source {
        "--cacert" => input.name(),
        variable => format!("{} (from {variable})", input.name()),
    };
    let pem = input.read(&name, MAX_CA_LEN, "16 MiB")?;
    Roots::from_pem(&pem, &name)
}

/// The client secret of the caller, less one newline at its end.
fn read_secret(source: SecretSource) -> Result<Sourced<Secret>, Error> {
    let input = match source {
        SecretSource::Environment(value) => {
            let source = "SFTOKEN_CLIENT_SECRET";
            return Ok(Sourced { value, source });
        }
        SecretSource::File(input) => input,
    };
    let name = input.name();
    let bytes = input.read(&name, MAX_SECRET_LEN, "64 KiB")?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&name, "it is not UTF-8"))?;
    let line = text.strip_suffix('\n');
    match line.map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line)) {
        "" => Err(unreadable(&name, "the client secret in it is empty")),
        secret => Ok(Sourced {
            value: Secret::new(secret),
            source: "--client-secret-file",
        }),
    }
}
