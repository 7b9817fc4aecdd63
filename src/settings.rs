//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins. Verbose output says which it was, since "why that endpoint?" is the
//! first question when a run does something unexpected.

use crate::cli::{Input, Refresh, SecretSource, Sourced};
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::http::{ProxySetting, Roots, proxy_for};
use crate::oauth::Grant;
use crate::output;
use crate::secret::Secret;
use crate::store::{self, MAX_CA_LEN, MAX_SECRET_LEN};

/// What has to be read before the document is looked at.
pub(crate) struct Loaded {
    /// The client secret of the caller.
    client_secret: Option<Sourced<Secret>>,
    /// What certificates are checked against.
    pub(crate) roots: Roots,
}

impl Loaded {
    /// Reads the secret file and the CA file.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(call: &Refresh) -> Result<Self, Error> {
        let roots = roots(call)?;
        for warning in &roots.warnings {
            output::warning(warning);
        }
        call.output.step(|| format!("roots: {}", roots.describe()));
        Ok(Self {
            client_secret: call.client_secret.as_ref().map(read_secret).transpose()?,
            roots,
        })
    }
}

/// The proxy for a grant.
pub(crate) fn proxy(call: &Refresh, grant: &Grant) -> Option<ProxySetting> {
    let proxy = proxy_for(
        &grant.endpoint,
        call.proxy.clone(),
        call.no_proxy.as_deref(),
    );
    call.output.step(|| match &proxy {
        Some(proxy) => format!("proxy: {}", proxy.describe()),
        None => "proxy: none".to_owned(),
    });
    proxy
}

/// What to send for a document, and where.
///
/// # Errors
/// `USAGE` if there is no client id, or no endpoint that could be trusted.
pub(crate) fn grant(call: &Refresh, loaded: &Loaded, document: &Document) -> Result<Grant, Error> {
    let client_id = client_id(call, document)?;
    let client_secret = client_secret(loaded, document);
    let endpoint = endpoint(call, document)?;
    call.output.step(|| {
        let (url, source) = (&endpoint.value, endpoint.source);
        format!("endpoint: {url} (from {source})")
    });
    call.output.step(|| {
        let (id, source) = (&client_id.value, client_id.source);
        format!("client id: {id} (from {source})")
    });
    call.output.step(|| match &client_secret {
        Some(secret) => format!("client secret: yes (from {})", secret.source),
        None => "client secret: none, a public client".to_owned(),
    });
    Ok(Grant {
        endpoint: endpoint.value,
        client_id: client_id.value,
        client_secret: client_secret.map(|secret| secret.value),
        refresh_token: document.refresh_token(),
        access_token: document.text("access_token").map(Secret::new),
    })
}

/// The client id.
fn client_id(call: &Refresh, document: &Document) -> Result<Sourced<String>, Error> {
    let member = || {
        document.text("client_id").map(|id| Sourced {
            value: id.to_owned(),
            source: "client_id in the document",
        })
    };
    call.client_id.clone().or_else(member).ok_or_else(|| {
        let name = store::name_of(&call.file);
        Error::new(Class::Usage, format!("no client id for {name}"))
            .hint("give --client-id or SFTOKEN_CLIENT_ID: the consumer key of the connected app that logged in")
    })
}

/// The client secret, if this is no public client.
fn client_secret(loaded: &Loaded, document: &Document) -> Option<Sourced<Secret>> {
    let member = || {
        document.text("client_secret").map(|secret| Sourced {
            value: Secret::new(secret),
            source: "client_secret in the document",
        })
    };
    loaded.client_secret.clone().or_else(member)
}

/// The token endpoint.
fn endpoint(call: &Refresh, document: &Document) -> Result<Sourced<Endpoint>, Error> {
    if let Some(given) = &call.endpoint {
        return Ok(given.clone());
    }
    let by_id = document.text("id").and_then(Endpoint::of_id);
    let by_instance = || {
        document
            .text("instance_url")
            .and_then(Endpoint::of_instance)
    };
    let sourced = |value, source| Ok(Sourced { value, source });
    if let Some(endpoint) = by_id {
        sourced(endpoint, "id in the document")
    } else if let Some(endpoint) = by_instance() {
        sourced(endpoint, "instance_url in the document")
    } else if document.is_from_auth_url() {
        let message = "no token endpoint: the host of the auth URL is not of Salesforce";
        Err(Error::new(Class::Usage, message)
            .hint("if you trust that host, give it as --token-endpoint"))
    } else {
        sourced(Endpoint::usual(), "the default")
    }
}

/// The trusted roots.
fn roots(call: &Refresh) -> Result<Roots, Error> {
    let Some(Sourced { value, source }) = &call.cacert else {
        return Ok(Roots::built_in());
    };
    let input = Input::Path(value.clone());
    let name = match *source {
        "--cacert" => store::name_of(&input),
        variable => format!("{} (from {variable})", store::name_of(&input)),
    };
    let pem = store::read_as(&input, &name, MAX_CA_LEN)?;
    if pem.len() > MAX_CA_LEN {
        return Err(store::unreadable(&name, "it is larger than 16 MiB"));
    }
    Roots::from_pem(&pem, &name)
}

/// The client secret of the caller, less one newline at its end.
fn read_secret(source: &SecretSource) -> Result<Sourced<Secret>, Error> {
    let input = match source {
        SecretSource::Environment(secret) => {
            return Ok(Sourced {
                value: secret.clone(),
                source: "SFTOKEN_CLIENT_SECRET",
            });
        }
        SecretSource::File(input) => input,
    };
    let unusable = |why| store::unreadable(&store::name_of(input), why);
    let bytes = store::read_input(input, MAX_SECRET_LEN)?;
    if bytes.len() > MAX_SECRET_LEN {
        return Err(unusable("it is larger than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| unusable("it is not UTF-8"))?;
    let line = text.strip_suffix('\n');
    match line.map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line)) {
        "" => Err(unusable("the client secret in it is empty")),
        secret => Ok(Sourced {
            value: Secret::new(secret),
            source: "--client-secret-file",
        }),
    }
}
