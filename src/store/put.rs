//! Putting a document where it belongs, for a save and for the end of an interrupted one alike.
//!
//! A complete copy lies in a side file, synced, before FILE is touched. Then a look is taken: only
//! while FILE, by its path, is what the document was made of, the side file is renamed over it, or
//! FILE is overwritten where a rename would change more than the content. If another program has
//! changed FILE, the document is made again of what is there now, and written to a second side file:
//! no copy is overwritten before another one is complete.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::file::TokenFile;
use super::pending::path_for;
use super::place::Place;
use super::room::overwrite;
use super::side_file::SideFile;
use crate::error::reason;

/// How often FILE may change under our hands before saving is given up.
const TRIES: usize = 20;

/// Why a document stays out of FILE.
const CHANGED: &str = "another program changed it during the refresh";

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

/// A document on its way to FILE.
pub(super) struct Put {
    /// What FILE is to hold.
    document: Vec<u8>,
    /// What FILE held when the document was made of it; none if it was made without FILE.
    made_of: Option<Vec<u8>>,
    /// A complete and synced copy of the document. It stays until FILE has the document, since the
    /// next run knows an interrupted save by its name.
    first: Option<SideFile>,
    /// The same of the document as it was made again.
    second: Option<SideFile>,
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

impl Put {
    /// A document, what it was made of, and a complete and synced copy of it.
    pub(super) fn new(document: Vec<u8>, made_of: Option<Vec<u8>>, copy: Option<SideFile>) -> Self {
        Self {
            document,
            made_of,
            first: copy,
            second: None,
        }
    }

    /// Puts the document into FILE; also returns the file that has become FILE, if one has.
    pub(super) fn run(
        mut self,
        target: &TokenFile,
        remake: &mut Remake,
    ) -> Result<(SavedHow, Option<TokenFile>), NotPut> {
        let mut found = None;
        for _ in 0..TRIES {
            let file = found.as_ref().unwrap_or(target);
            let reached = match self.attempt(file) {
                Ok(Attempt::Done(how, file)) => return Ok(self.done(how, file)),
                Ok(Attempt::Overwritten(how)) => Some(how),
                Ok(Attempt::TooLate) => None,
                Err(why) => return Err(self.failed(reason(&why), false)),
            };
            let now = target.found_again().ok();
            let now = now.and_then(|file| Some((file.read_settled().ok()?, file)));
            let next = now.and_then(|(now, file)| Some((remake(&now)?, now, file)));
            match (next, reached) {
                (None, Some(how)) => return Ok(self.done(how, None)),
                (None, None) => return Err(self.failed(CHANGED.to_owned(), true)),
                (Some((next, now, _)), Some(how)) if next == now => {
                    return Ok(self.done(how, None));
                }
                (Some((next, now, file)), _) => {
                    self.make_again(&file, next);
                    self.made_of = Some(now);
                    found = Some(file);
                }
            }
        }
        Err(self.failed(
            "another program does not stop changing it".to_owned(),
            false,
        ))
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
            (None, None) => "there is no pending file".to_owned(),
            (Some(obstacle), _) => obstacle,
        };
        self.overwrite(file, before, why)
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

    /// Takes the document as it was made again. The copy of it may not take the place of the first.
    fn make_again(&mut self, file: &TokenFile, document: Vec<u8>) {
        if document != self.document || self.first.is_none() {
            let place = Place::of(file.path());
            // Two copies of one name would be one file.
            self.second = None;
            let second = copy_beside(&place, &document);
            self.second = second
                .or_else(|_| SideFile::in_temporary_directory(&document))
                .ok();
        }
        self.document = document;
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
    let how = match sync_directory(file.path()) {
        Ok(()) => SavedHow::Replaced,
        Err(why) => SavedHow::ReplacedUnsynced(reason(&why)),
    };
    let now = copy.handle().ok();
    Attempt::Done(how, now.map(|now| file.replaced_by(now)))
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

/// Makes a rename survive a power failure.
fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory)?.sync_all()
}
