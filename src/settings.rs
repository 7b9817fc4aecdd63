//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins. Verbose output says which it was, since "why that endpoint?" is the
//! first question when a run does something unexpected.

mod untrusted;

use std::path::PathBuf;

use crate::deadline::Deadline;
use crate::document::Document;
use crate::endpoint::{Endpoint, HOST_MEMBERS, HostSource};
use crate::error::{Class, Error};
use crate::http::{Client, ProxySetting, Roots, proxy_for};
use crate::input::{Input, unreadable};
use crate::oauth::{Grant, TokenRequest};
use crate::say;
use crate::secret::{Secret, unless_secret};
use crate::text;
use untrusted::untrusted;

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

impl<T> Sourced<T> {
    /// Whether the caller's value goes before the document's. The client of an auth URL belongs to its
    /// token: only an option, which starts with a dash as no variable does, can mean another one.
    fn goes_before(&self, document: &Document) -> bool {
        self.source.starts_with('-') || !document.is_from_auth_url()
    }
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
            Error::new(
                Class::Usage,
                format!("no client id for {name}"),
                "give --client-id or SFTOKEN_CLIENT_ID: the consumer key of the connected app that logged in",
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
}

/// The trusted roots in a file.
fn read_roots(
    Sourced { value, source }: Sourced<PathBuf>,
    deadline: Deadline,
) -> Result<Roots, Error> {
    let input = Input::Path(value);
    let name = match source {
        "--cacert" => input.name(),
        variable => format!("{} (from {variable})", input.name()),
    };
    let pem = input.read(&name, MAX_CA_LEN, "16 MiB", deadline)?;
    Roots::from_pem(&pem, &name)
}

/// A member that people paste, of the document called `name`.
fn pasted<'a>(document: &'a Document, member: &str, name: &str) -> Result<Option<&'a str>, Error> {
    let value = document.pasted(member);
    value.map_err(|why| why.within(format_args!("cannot use {name}")))
}

/// The client secret of the caller, without the white space around it.
fn read_secret(source: SecretSource, deadline: Deadline) -> Result<Sourced<Secret>, Error> {
    let input = match source {
        SecretSource::Environment(value) => {
            let source = "SFTOKEN_CLIENT_SECRET";
            return Ok(Sourced { value, source });
        }
        SecretSource::File(input) => input,
    };
    let bytes = read_secret_file(&input, deadline)?;
    let name = input.name();
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&name, "it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match text::pasted(text) {
        Ok("") => Err(unreadable(&name, "the client secret in it is empty")),
        Ok(secret) => Ok(Sourced {
            value: Secret::new(secret),
            source: "--client-secret-file",
        }),
        Err(why) => {
            Err(unreadable(&name, why)
                .hint("give a file with the client secret alone, in one line"))
        }
    }
}

/// The content of the secret file. Where there is no such file, the argument may be the secret
/// itself, and is not shown.
fn read_secret_file(input: &Input, deadline: Deadline) -> Result<Vec<u8>, Error> {
    let read = |name: &str| input.read(name, MAX_SECRET_LEN, "64 KiB", deadline);
    if input.is_there() {
        return read(&input.name());
    }
    read("the file of --client-secret-file")
        .map_err(|error| error.hint("the option takes the path of a file, not the secret itself"))
}
