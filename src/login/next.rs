//! The command that goes on with what a login has saved, as it can be copied.
//!
//! What an option said and FILE does not, a later run has to be told again. The environment will be
//! the same there; FILE has the client id, unless another one of a variable goes before it. The host
//! where all orgs log in is not repeated where FILE names the org's own: a run without it goes there.

use crate::cli::{Variable, Variables};
use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::input::{Input, shown};
use crate::secret::unless_secret;
use crate::settings::{SecretSource, Settings, Sourced, named_endpoint};
use crate::text::for_shell;

/// What options said of later runs, too.
pub(super) struct Next {
    /// `--client-id`, where the environment has another.
    client_id: Option<String>,
    /// `--client-secret-file`
    client_secret: Option<String>,
    /// `--token-endpoint`
    endpoint: Option<Endpoint>,
    /// What the environment says of the endpoint: without a word of it FILE decides.
    endpoint_variable: Variable,
    /// `--cacert`, unless the environment has the same.
    cacert: Option<String>,
}

impl Next {
    /// What the options of a login say, as far as the variables do not say the same.
    pub(super) fn of(settings: &Settings, variables: &Variables) -> Self {
        let has_another = variables.client_id == Variable::Another;
        let client_id = by_option(settings.client_id.as_ref()).filter(|_| has_another);
        let lacks_it = variables.cacert != Variable::Same;
        let cacert = by_option(settings.cacert.as_ref()).filter(|_| lacks_it);
        let client_secret = match &settings.client_secret {
            Some(SecretSource::File(Input::Path(path))) => Some(shown(path)),
            _ => None,
        };
        Self {
            client_id: client_id.map(|id| unless_secret(id).to_owned()),
            client_secret,
            endpoint: by_option(settings.endpoint.as_ref()).cloned(),
            endpoint_variable: variables.endpoint,
            cacert: cacert.map(|path| shown(path)),
        }
    }

    /// The command for the FILE of this name with this document in it.
    pub(super) fn command(self, name: &str, document: &Document) -> String {
        let leads_there = |given: &Endpoint| {
            let is_nearer = |it: &Endpoint| given.is_of_all_orgs() && !it.is_of_all_orgs();
            let named = named_endpoint(document, name);
            named.is_ok_and(|(it, _)| it == *given || is_nearer(&it))
        };
        let is_needed = |endpoint: &Endpoint| match self.endpoint_variable {
            Variable::Nothing => !leads_there(endpoint),
            Variable::Same => false,
            Variable::Another => true,
        };
        let endpoint = self.endpoint.filter(is_needed);
        let options = [
            ("--client-id", self.client_id),
            ("--client-secret-file", self.client_secret),
            ("--token-endpoint", endpoint.map(|it| it.shown())),
            ("--cacert", self.cacert),
        ];
        let options = options.into_iter().filter_map(|(key, value)| {
            let value = for_shell(&value?);
            Some(format!("{key} {value} "))
        });
        let dashes = if name.starts_with('-') { "-- " } else { "" };
        let options: String = options.collect();
        format!("sftoken refresh {options}{dashes}{}", for_shell(name))
    }
}

/// A value that an option gave, which starts with a dash as no variable does.
fn by_option<T>(given: Option<&Sourced<T>>) -> Option<&T> {
    let given = given.filter(|given| given.source.starts_with('-'))?;
    Some(&given.value)
}
