//! A file whose content exists once: held, in [`lock`], replaced, in [`reserve`] and [`save`], and
//! mended, in [`recover`].
//!
//! What the content means is not known here beyond what [`Content`] says. The order of system calls
//! is the point of these files: a refresh token that has been rotated exists once, so each step
//! leaves the disk in a state from which the next run can go on. [`mod@file`] is FILE as it is, [`place`]
//! what may be done beside it, [`shelter`] where instead, [`side_file`], [`pending`] and [`claim`] are
//! about the copies outside of it, [`room`] writes FILE itself, and [`put`] brings a document there
//! whatever happens meanwhile.

mod claim;
mod content;
mod file;
mod lock;
mod new_file;
mod pending;
mod place;
mod prepared;
mod put;
mod recover;
mod reserve;
mod room;
mod save;
mod shelter;
mod side_file;

pub(crate) use content::Content;
pub(crate) use file::TokenFile;
pub(crate) use lock::Locked;
pub(crate) use new_file::NewFile;
pub(crate) use prepared::Prepared;
pub(crate) use put::SavedHow;
pub(crate) use side_file::{is_output_discarded, keep};
