//! The members of a document and what its text looks like: read, and written back so that a later
//! run can read it.

use serde_json::{Map, Value};

use super::layout::Layout;
use super::reserved;
use super::source::{MAX_LEN, object_in};
use super::unusable::{not_keepable, too_large_indented};
use crate::error::Error;

/// One JSON object with its layout.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    /// All members, in order.
    pub(super) members: Map<String, Value>,
    /// What its text looks like.
    layout: Layout,
}

impl Object {
    /// Reads a text that is one JSON object, whatever its members are.
    pub(super) fn of(text: &str) -> Result<Self, Error> {
        let members = object_in(text)?;
        let object = Self {
            layout: Layout::of(text, &members),
            members,
        };
        object.check_indentation()?;
        Ok(object)
    }

    /// Members that were no JSON text.
    pub(super) fn of_members(members: Map<String, Value>) -> Self {
        Self {
            members,
            ..Self::default()
        }
    }

    /// The text that will be saved, if a later run can read that again.
    pub(super) fn checked_render(&self) -> Result<Vec<u8>, Error> {
        self.check_members()?;
        let rendered = self.render();
        checked_len(rendered.len()).map(|_| rendered)
    }

    /// The bytes that it will have then.
    pub(super) fn checked_len(&self) -> Result<usize, Error> {
        self.check_members()?;
        checked_len(self.layout.rendered_len(&self.members))
    }

    /// The text that is saved: indented as it was, UTF-8, one newline at the end.
    pub(super) fn render(&self) -> Vec<u8> {
        self.layout.render(&self.members)
    }

    /// Makes sure that all members can be written and read again.
    fn check_members(&self) -> Result<(), Error> {
        self.check_indentation()?;
        if reserved::is_in_members(&self.members) {
            return Err(not_keepable());
        }
        Ok(())
    }

    /// Makes sure that indentation does not multiply the document.
    fn check_indentation(&self) -> Result<(), Error> {
        match self.layout.indentation(&self.members) {
            ..=MAX_LEN => Ok(()),
            _ => Err(too_large_indented()),
        }
    }
}

/// A length, if a document may have it.
fn checked_len(len: usize) -> Result<usize, Error> {
    if len > MAX_LEN {
        return Err(too_large_indented());
    }
    Ok(len)
}
