//! The files that settings name: a client secret, and certificates to trust.

use std::path::PathBuf;

use super::sourced::{SecretSource, Sourced};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Roots;
use crate::input::{Input, unreadable};
use crate::secret::Secret;
use crate::text;

/// 64 KiB, far above any client secret: `/dev/zero` must end somewhere.
const MAX_SECRET_LEN: usize = 64 * 1024;

/// 16 MiB. The bundles of operating systems have about 250 KiB.
const MAX_CA_LEN: usize = 16 * 1024 * 1024;

/// The trusted roots in a file.
pub(super) fn read_roots(
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

/// The client secret of the caller, without the white space around it.
pub(super) fn read_secret(
    source: SecretSource,
    deadline: Deadline,
) -> Result<Sourced<Secret>, Error> {
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
        Ok("") => Err(unreadable(&name, "the client secret in it is empty")
            .hint("write the secret into it; is the variable set that it is made of?")),
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
