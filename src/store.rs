//! A file whose content exists once: held, in [`lock`], replaced, in [`save`] (with [`spare`]), and
//! mended, in [`recover`].
//!
//! What the content means is not known here beyond what [`Content`] says. The order of system calls
//! is the point of these files: a refresh token that has been rotated exists once, so each step
//! leaves the disk in a state from which the next run can go on.

mod content;
mod lock;
mod recover;
mod save;
mod spare;

pub(crate) use content::Content;
pub(crate) use lock::{Locked, TokenFile};
pub(crate) use save::{Reserved, SavedHow};
pub(crate) use spare::{is_output_discarded, rescue};
