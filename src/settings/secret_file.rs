//! The file that holds the client secret alone.
//!
//! People paste the secret itself where its file is meant, so a name is shown only if there is such a
//! file.

use crate::deadline::Deadline;
use crate::error::Error;
use crate::input::{Input, unreadable};
use crate::secret::Secret;
use crate::text::pasted;

/// 64 KiB, far above any client secret: `/dev/zero` must end somewhere.
const MAX_SECRET_LEN: usize = 64 * 1024;

/// The secret in a file, without the white space around it.
///
/// # Errors
/// `NOINPUT`, also if it cannot be read by the deadline or holds no secret.
pub(super) fn secret_in(input: &Input, deadline: Deadline) -> Result<Secret, Error> {
    let bytes = read(input, deadline)?;
    let name = input.name();
    let text = String::from_utf8(bytes).map_err(|_| unreadable(&name, "it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match pasted(text) {
        Ok("") => Err(unreadable(&name, "the client secret in it is empty")),
        Ok(secret) => Ok(Secret::new(secret)),
        Err(why) => {
            Err(unreadable(&name, why)
                .hint("give a file with the client secret alone, in one line"))
        }
    }
}

/// The content of the secret file. Where there is no such file, the argument may be the secret
/// itself, and is not shown.
fn read(input: &Input, deadline: Deadline) -> Result<Vec<u8>, Error> {
    let read_as = |name: &str| input.read(name, MAX_SECRET_LEN, "64 KiB", deadline);
    if input.is_there() {
        return read_as(&input.name());
    }
    read_as("the file of --client-secret-file")
        .map_err(|error| error.hint("the option takes the path of a file, not the secret itself"))
}
