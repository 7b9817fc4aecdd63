//! What options and environment say of requests.

use std::ffi::OsString;
use std::path::PathBuf;

use super::complaint::usage;
use super::environment::{Environment, first_of, pasted_variable, present, proxy, variable};
use super::options::Options;
use super::values::{input, parse_endpoint, text_pasted};
use crate::error::Error;
use crate::input::Input;
use crate::secret::Secret;
use crate::settings::{SecretSource, Settings, Sourced};

/// All of it; an option goes before its variable.
pub(super) fn settings(
    options: &mut Options,
    file: &Input,
    environment: Environment,
) -> Result<Settings, Error> {
    Ok(Settings {
        client_id: client_id(options, environment)?,
        client_secret: client_secret(options, file, environment)?,
        endpoint: options
            .text("--token-endpoint")?
            .map_or_else(
                || variable(environment, "SFTOKEN_TOKEN_ENDPOINT"),
                |url| Ok(Some(url)),
            )?
            .as_ref()
            .map(parse_endpoint)
            .transpose()?,
        cacert: sourced_path(options.value("--cacert"), "--cacert")
            .or_else(|| sourced_path(present(environment, "SSL_CERT_FILE"), "SSL_CERT_FILE")),
        proxy: proxy(environment)?,
        no_proxy: first_of(environment, &["no_proxy", "NO_PROXY"])?.map(|list| list.value),
    })
}

/// The client id of the caller.
fn client_id(
    options: &mut Options,
    environment: Environment,
) -> Result<Option<Sourced<String>>, Error> {
    let Some(id) = options.text("--client-id")? else {
        return pasted_variable(environment, "SFTOKEN_CLIENT_ID");
    };
    let id = text_pasted(id)?;
    if id.value.is_empty() {
        return Err(usage("the value of --client-id is empty"));
    }
    Ok(Some(id))
}

/// Where the client secret of the caller is.
fn client_secret(
    options: &mut Options,
    file: &Input,
    environment: Environment,
) -> Result<Option<SecretSource>, Error> {
    match options.value("--client-secret-file").map(input) {
        Some(Input::Stdin) if *file == Input::Stdin => {
            Err(usage("FILE and --client-secret-file cannot both be -"))
        }
        Some(secret) => Ok(Some(SecretSource::File(secret))),
        None => Ok(pasted_variable(environment, "SFTOKEN_CLIENT_SECRET")?
            .map(|secret| SecretSource::Environment(Secret::new(secret.value)))),
    }
}

/// Whether an option of these goes before a variable that is set, too, and would decide without it.
pub(super) fn overrules(settings: &Settings, environment: Environment) -> bool {
    let is_set = |name: &str| present(environment, name).is_some();
    let id = settings.client_id.as_ref().map(|id| id.source);
    let endpoint = settings.endpoint.as_ref().map(|it| it.source);
    id == Some("--client-id") && is_set("SFTOKEN_CLIENT_ID")
        || endpoint == Some("--token-endpoint") && is_set("SFTOKEN_TOKEN_ENDPOINT")
}

/// A path, and what gave it.
fn sourced_path(path: Option<OsString>, source: &'static str) -> Option<Sourced<PathBuf>> {
    let value = PathBuf::from(path?);
    Some(Sourced { value, source })
}
