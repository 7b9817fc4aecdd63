//! What options and environment say of requests.

use std::ffi::OsString;
use std::path::PathBuf;

use super::complaint::usage;
use super::environment::{Environment, first_of, pasted_variable, present, proxy, variable};
use super::options::Options;
use super::values::{input, parse_endpoint, text_pasted};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::input::Input;
use crate::secret::Secret;
use crate::settings::{SecretSource, Settings, Sourced};

/// What a variable says where an option goes before it: what a run without that option would heed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variable {
    /// It is not set.
    Nothing,
    /// What the option says.
    Same,
    /// Something else, which may be of no use.
    Another,
}

/// The variables that stand beside options.
#[derive(Debug)]
pub(crate) struct Variables {
    /// `SFTOKEN_CLIENT_ID`
    pub(crate) client_id: Variable,
    /// `SFTOKEN_TOKEN_ENDPOINT`
    pub(crate) endpoint: Variable,
    /// `SSL_CERT_FILE`
    pub(crate) cacert: Variable,
}

/// All of it; an option goes before its variable.
pub(super) fn settings(
    options: &mut Options,
    file: &Input,
    environment: Environment,
) -> Result<Settings, Error> {
    Ok(Settings {
        client_id: client_id(options, environment)?,
        client_secret: client_secret(options, file, environment)?,
        endpoint: match options.text("--token-endpoint")? {
            Some(url) => Some(parse_endpoint(&url)?),
            None => endpoint_variable(environment)?,
        },
        cacert: sourced_path(options.value("--cacert"), "--cacert")
            .or_else(|| cacert_variable(environment)),
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

/// What the variables of these say, whatever the options do.
pub(super) fn variables(settings: &Settings, environment: Environment) -> Variables {
    let id = pasted_variable(environment, "SFTOKEN_CLIENT_ID");
    Variables {
        client_id: beside(settings.client_id.as_ref(), id),
        endpoint: beside(settings.endpoint.as_ref(), endpoint_variable(environment)),
        cacert: beside(settings.cacert.as_ref(), Ok(cacert_variable(environment))),
    }
}

/// What a variable says beside the value that counts.
fn beside<T: PartialEq>(
    value: Option<&Sourced<T>>,
    variable: Result<Option<Sourced<T>>, Error>,
) -> Variable {
    match variable {
        Ok(None) => Variable::Nothing,
        Ok(Some(it)) if value.is_some_and(|value| value.value == it.value) => Variable::Same,
        _ => Variable::Another,
    }
}

/// The token endpoint of the environment.
fn endpoint_variable(environment: Environment) -> Result<Option<Sourced<Endpoint>>, Error> {
    variable(environment, "SFTOKEN_TOKEN_ENDPOINT")?
        .as_ref()
        .map(parse_endpoint)
        .transpose()
}

/// The CA file of the environment.
fn cacert_variable(environment: Environment) -> Option<Sourced<PathBuf>> {
    sourced_path(present(environment, "SSL_CERT_FILE"), "SSL_CERT_FILE")
}

/// A path, and what gave it.
fn sourced_path(path: Option<OsString>, source: &'static str) -> Option<Sourced<PathBuf>> {
    let value = PathBuf::from(path?);
    Some(Sourced { value, source })
}
