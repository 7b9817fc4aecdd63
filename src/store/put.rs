//! Putting a document where it belongs, for a save and for the end of an interrupted one alike.
//!
//! A complete copy lies in a side file, synced, before FILE is touched. Then a look is taken: only
//! while FILE, by its path, is what the document was made of, the side file is renamed over it, or
//! FILE is overwritten where a rename would change more than the content. If another program has
//! changed FILE, the document is made again of what is there now, and written to a second side file:
//! no copy is overwritten before another one is complete.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::file::{Seen, TokenFile};
use super::pending::path_for;
use super::place::Place;
use super::room::overwrite;
use super::shelter;
use super::side_file::SideFile;
use crate::error::reason;

/// How often FILE may change under our hands before saving is given up.
const TRIES: usize = 20;

/// Why a document stays out of a FILE that has another token by now.
const CHANGED: &str = "another program changed it during the refresh";

/// Why a document stays out of a FILE that is not there or cannot be read.
const GONE: &str = "it was removed during the refresh";

/// Why a document stays out of a FILE that changed at every try.
const ALWAYS_CHANGING: &str = "another program does not stop changing it";

/// Makes the document of what FILE holds now, or declines.
pub(super) type Remake<'a> = dyn FnMut(&[u8]) -> Option<Vec<u8>> + 'a;

/// How a document got to where it belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SavedHow {
    /// By rename.
    Replaced,
    /// By rename, but the directory could not be synced.
    ReplacedUnsynced(String),
    /// By overwriting, for this reason.
    InPlace(String),
}

impl SavedHow {
    /// A new name, and what the sync of its directory came to.
    pub(super) fn after(synced: io::Result<()>) -> Self {
        match synced {
            Ok(()) => Self::Replaced,
            Err(why) => Self::ReplacedUnsynced(reason(&why)),
        }
    }
}

/// A document on its way to FILE.
pub(super) struct Put<'a> {
    /// What FILE is to hold.
    document: Cow<'a, [u8]>,
    /// What FILE held when the document was made of it; none if it was made without FILE.
    made_of: Option<Cow<'a, [u8]>>,
    /// A complete and synced copy of the document. It stays until FILE has the document, since the
    /// next run knows an interrupted save by its name.
    first: Option<SideFile>,
    /// The same of the document as it was made again.
    second: Option<SideFile>,
    /// Why FILE has to be written in place, as far as that was known before.
    in_place: Option<String>,
}

/// Why FILE does not have the document.
pub(super) struct NotPut {
    /// The reason for a message.
    pub(super) why: String,
    /// Whether FILE has become something that the document must not replace.
    pub(super) declined: bool,
    /// A complete and synced copy of the document.
    pub(super) copy: Option<SideFile>,
}

/// What one attempt came to.
enum Attempt {
    /// FILE has the document; this is the file that has taken its place.
    Done(SavedHow, Option<TokenFile>),
    /// FILE was not what the document was made of.
    TooLate,
    /// FILE had the document, and another program has changed it since.
    Overwritten(SavedHow),
}

impl<'a> Put<'a> {
    /// A document, what it was made of, and a complete and synced copy of it.
    pub(super) fn new(
        document: &'a [u8],
        made_of: Option<&'a [u8]>,
        copy: Option<SideFile>,
    ) -> Self {
        Self {
            document: Cow::Borrowed(document),
            made_of: made_of.map(Cow::Borrowed),
            first: copy,
            second: None,
            in_place: None,
        }
    }

    /// The same where FILE has to be written in place for a reason that is known already.
    pub(super) fn in_place_because(mut self, why: Option<String>) -> Self {
        self.in_place = why;
        self
    }

    /// Puts the document into FILE; also returns the file that has become FILE, if one has.
    pub(super) fn run(
        mut self,
        target: &TokenFile,
        remake: &mut Remake,
    ) -> Result<(SavedHow, Option<TokenFile>), NotPut> {
        let mut found = None;
        for _ in 0..TRIES {
            let reached = match self.attempt(found.as_ref().unwrap_or(target)) {
                Ok(Attempt::Done(how, file)) => return Ok(self.done(how, file)),
                Ok(Attempt::Overwritten(how)) => Some(how),
                Ok(Attempt::TooLate) => None,
                Err(why) => return Err(self.failed(reason(&why), false)),
            };
            match (self.make_again(target, remake), reached) {
                (Ok(Some(file)), _) => found = Some(file),
                (Ok(None) | Err(_), Some(how)) => return Ok(self.done(how, None)),
                (Ok(None), None) => {
                    let how = SavedHow::InPlace("another program did it".to_owned());
                    return Ok(self.done(how, None));
                }
                (Err(why), None) => return Err(self.failed(why.to_owned(), why == CHANGED)),
            }
        }
        Err(self.failed(ALWAYS_CHANGING.to_owned(), false))
    }

    /// Renames a copy over FILE or overwrites it, if FILE is what the document was made of.
    fn attempt(&self, file: &TokenFile) -> io::Result<Attempt> {
        let Some(before) = &self.made_of else {
            return Ok(Attempt::TooLate);
        };
        let place = Place::of(file.path());
        let copy = self.second.as_ref().or(self.first.as_ref());
        let copy = copy.filter(|it| place.is_beside(it.path()) && it.is_named());
        let Some(metadata) = file.look(before) else {
            return Ok(Attempt::TooLate);
        };
        let why = match (place.rename_obstacle(&metadata), copy) {
            (None, Some(copy)) => match copy.rename_to(file.path(), metadata.mode() & 0o7777) {
                Ok(()) => return Ok(replaced(file, copy)),
                Err(why) => reason(&why),
            },
            (None, None) => self.why_in_place(),
            (Some(obstacle), _) => obstacle,
        };
        self.overwrite(file, before, why)
    }

    /// Why FILE is written in place although it could be renamed over.
    fn why_in_place(&self) -> String {
        let known = self.in_place.clone();
        known.unwrap_or_else(|| "there is no pending file".to_owned())
    }

    /// Overwrites FILE.
    fn overwrite(&self, file: &TokenFile, before: &[u8], why: String) -> io::Result<Attempt> {
        if file.write_denied().is_some() {
            return Err(io::Error::other(why));
        }
        let was_there = overwrite(file, before, &self.document)?;
        let how = SavedHow::InPlace(why);
        Ok(if was_there && file.look(&self.document).is_some() {
            Attempt::Done(how, None)
        } else if was_there {
            Attempt::Overwritten(how)
        } else {
            Attempt::TooLate
        })
    }

    /// Makes the document again, of what FILE, which is returned, holds now; none if that is the
    /// document already.
    fn make_again(
        &mut self,
        target: &TokenFile,
        remake: &mut Remake,
    ) -> Result<Option<TokenFile>, &'static str> {
        let file = target.found_again().map_err(|_| GONE)?;
        let now = file.read_settled(Seen::default()).map_err(|_| GONE)?;
        let now = now.bytes;
        let document = remake(&now).ok_or(CHANGED)?;
        // Who wrote that may not have synced it, and the copies go when this is told.
        if document == now && file.file().sync_all().is_ok() {
            return Ok(None);
        }
        if *document != *self.document || self.first.is_none() {
            // The old one goes before: both would have the same name.
            self.second = None;
            self.second = second_copy(&file, &document).ok();
        }
        self.document = Cow::Owned(document);
        self.made_of = Some(Cow::Owned(now));
        Ok(Some(file))
    }

    /// FILE has the document, so the copies may go.
    fn done(self, how: SavedHow, file: Option<TokenFile>) -> (SavedHow, Option<TokenFile>) {
        drop(self.first.map(SideFile::temporary));
        (how, file)
    }

    /// FILE does not have the document, so a copy is needed.
    fn failed(self, why: String, declined: bool) -> NotPut {
        NotPut {
            why,
            declined,
            copy: self.first.or(self.second),
        }
    }
}

/// What the rename of a copy over FILE came to.
fn replaced(file: &TokenFile, copy: &SideFile) -> Attempt {
    let how = SavedHow::after(sync_directory(file.path()));
    let now = copy.handle().ok();
    Attempt::Done(how, now.map(|now| file.replaced_by(now)))
}

/// A complete and synced copy beside FILE or, if that is impossible, in the temporary directory.
fn second_copy(file: &TokenFile, document: &[u8]) -> io::Result<SideFile> {
    let place = Place::of(file.path());
    let copy = copy_beside(&place, document)
        .or_else(|error| copy_beside(&shelter::make(&place).ok_or(error)?, document));
    copy.or_else(|_| SideFile::in_temporary_directory(document))
}

/// A complete and synced copy beside FILE, named after its content: the name of the first copy is
/// taken.
fn copy_beside(place: &Place, document: &[u8]) -> io::Result<SideFile> {
    if let Some(why) = place.closed_because() {
        return Err(io::Error::other(why.to_owned()));
    }
    let copy = SideFile::create(&path_for(place, document))?;
    if !copy.lock()? {
        return Err(io::ErrorKind::ResourceBusy.into());
    }
    copy.write(document)?;
    copy.finish(document.len())?;
    Ok(copy)
}

/// Makes a new name survive a power failure.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory)?.sync_all()
}
