//! Finishing what a kill or a failed save interrupted.
//!
//! The pending file of the token in FILE, whole and with another token, is the successor of FILE:
//! to send the token of FILE again would end the session. Whatever cannot be finished stops the run.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::content::{Content, without_blanks};
use super::file::is_same;
use super::lock::Locked;
use super::pending::{Found, Whose, all, all_named_after, find, names_file, path_for, successor};
use super::place::{Place, UNKNOWN_USER};
use super::put::{Put, Remake};
use super::room::cut_blanks;
use super::shelter;
use super::side_file::SideFile;
use crate::error::{Class, Error, reason};
use crate::input::shown;
use crate::secret::Secret;

/// Why a save is not finished that somebody else may have put there.
const FOREIGN: &str = "it has several names or another owner";

impl Locked {
    /// Finishes saves that a kill or a failure interrupted; tells whether there was one. What else
    /// interrupted runs have left is removed.
    ///
    /// # Errors
    /// `CANTCREAT` if the save is there but cannot be finished: going on would send a refresh
    /// token that has been used up. `NOINPUT` if FILE cannot be read.
    pub(crate) fn recover(&mut self) -> Result<bool, Error> {
        if self.place().user().is_none() {
            return Err(self.cannot_look());
        }
        let mut recovered = false;
        let shelter = shelter::find(self.place());
        let shelter = shelter.as_ref();
        self.take_second_name();
        while self.finish_one(shelter)? {
            recovered = true;
        }
        if self.place().closed_because().is_none() {
            self.sweep(self.place(), self.whose());
        }
        if let Some(shelter) = shelter {
            self.sweep(shelter, Whose::Files);
        }
        cut_blanks(self.target());
        Ok(recovered)
    }

    /// Finishes one interrupted save, if there is one.
    fn finish_one(&mut self, shelter: Option<&Place>) -> Result<bool, Error> {
        self.look_again()?;
        let Some(token) = self.seen().key.clone() else {
            return self.restore(shelter);
        };
        // A document without a token is not sheltered.
        let sheltered = shelter.filter(|_| !token.expose().is_empty());
        for shelter in [None].into_iter().chain(sheltered.map(Some)) {
            for path in self.candidates(shelter.unwrap_or(self.place()), &token) {
                let finished = self.finish(shelter, &path, &token);
                if finished.map_err(|why| self.unfinished(&path, &why))? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Where the pending file may be that is named after this token: of a FILE with several names, the
    /// run may have known another one.
    fn candidates(&self, place: &Place, token: &Secret) -> Vec<PathBuf> {
        let key = token.expose().as_bytes();
        let mut paths = vec![path_for(place, key)];
        // Other files may have no token either.
        if self.whose() == Whose::Anybodys && !key.is_empty() {
            paths.extend(all_named_after(place, key));
        }
        paths
    }

    /// Takes the name of a pending file away from FILE: a login had just made FILE of it when it was
    /// killed.
    fn take_second_name(&self) {
        let Ok(open) = self.target().file().metadata() else {
            return;
        };
        if open.nlink() == 1 {
            return;
        }
        let is_file = |path: &PathBuf| {
            let named = fs::symlink_metadata(path);
            named.is_ok_and(|named| is_same(&named, &open)) && path != self.place().path()
        };
        let names = all(self.place(), Whose::Anybodys).into_iter();
        for name in names.filter(is_file) {
            if self.target().is_named() {
                remove(self.place(), &name);
            }
        }
    }

    /// Under which names an interrupted save of FILE may be found: it may have been made by another
    /// name of FILE.
    fn whose(&self) -> Whose {
        match self.target().file().metadata() {
            Ok(metadata) if metadata.nlink() > 1 => Whose::Anybodys,
            _ => Whose::Files,
        }
    }

    /// Finishes the save that would have used up this token; its pending file lies beside FILE unless
    /// it is in the shelter.
    fn finish(
        &mut self,
        shelter: Option<&Place>,
        path: &Path,
        token: &Secret,
    ) -> Result<bool, String> {
        let content = self.content();
        let place = shelter.unwrap_or(self.place());
        let found = find(place, path, content).map_err(|error| reason(&error))?;
        let bytes = match &found {
            Found::Left(_, bytes) | Found::Foreign(bytes) => bytes.clone(),
            Found::Nothing | Found::InUse(_) => return Ok(false),
            Found::NoFile => {
                remove(place, path);
                return Ok(false);
            }
        };
        let document = successor(content, &bytes, Some(token));
        match (found, document, place.closed_because()) {
            (Found::Left(left, _), Some(document), None) => self.adopt(left, document, Some(token)),
            (_, Some(_), Some(why)) => Err(why.to_owned()),
            (_, Some(_), None) => Err(FOREIGN.to_owned()),
            (found, None, _) => {
                remove(place, path);
                drop(found);
                Ok(false)
            }
        }
    }

    /// Makes FILE, which is no document, of its only complete pending file. One in the shelter goes into
    /// a private FILE alone: others can have put another one there.
    fn restore(&mut self, shelter: Option<&Place>) -> Result<bool, Error> {
        let left = all_complete(self.place(), shelter, self.content());
        let Ok([(left, bytes)]) = <[_; 1]>::try_from(left) else {
            return Ok(false);
        };
        let path = left.path().to_owned();
        let (document, is_beside) = (without_blanks(&bytes), self.place().is_beside(&path));
        let metadata = self.target().file().metadata();
        if !is_beside && !metadata.is_ok_and(|it| self.place().is_private(&it)) {
            let name = self.name();
            let why = format!("{name} is no document, and not private");
            let hint = format!(
                "nothing was sent; if {name} is yours, chmod 600 it and run again, or move that file to it"
            );
            return Err(self.unfinished(&path, &why).hint(hint));
        }
        let restored = if is_beside {
            self.adopt(left, document, None)
        } else {
            // Into this very file: what another program puts there now may be anybody's.
            let torn = self.seen().bytes.clone();
            self.put(left, document, Some(&torn), &mut |_| None)
        };
        restored.map_err(|why| self.unfinished(&path, &why))
    }

    /// Puts an interrupted save where it belongs, unless FILE has changed its token by now.
    fn adopt(
        &mut self,
        left: SideFile,
        document: &[u8],
        token: Option<&Secret>,
    ) -> Result<bool, String> {
        let content = self.content();
        let new = (content.key)(document);
        self.put(left, document, None, &mut |now| match (content.key)(now) {
            key if key.as_ref() != token => (key == new).then(|| now.to_vec()),
            None => Some(document.to_vec()),
            Some(_) => (content.rebase)(now, document),
        })
    }

    /// Puts a document, of which there is this copy, into FILE; false if that has become something that
    /// it must not replace.
    fn put(
        &mut self,
        left: SideFile,
        document: &[u8],
        made_of: Option<&[u8]>,
        remake: &mut Remake,
    ) -> Result<bool, String> {
        left.finish(document.len())
            .map_err(|error| reason(&error))?;
        let put = Put::new(document, made_of, Some(left));
        match put.run(self.target(), remake) {
            Ok((_, file)) => {
                if let Some(file) = file {
                    self.go_on_with(file);
                }
                Ok(true)
            }
            Err(not_put) if not_put.declined => Ok(false),
            Err(not_put) => Err(not_put.why),
        }
    }

    /// Removes what runs have left that were killed: pending files without a document, and those
    /// with the token that FILE has anyway, once that is on the disk.
    fn sweep(&self, place: &Place, whose: Whose) {
        let content = self.content();
        let Some(token) = &self.seen().key else {
            return;
        };
        for path in all(place, whose) {
            let Ok(Found::Left(left, bytes)) = find(place, &path, content) else {
                continue;
            };
            let is_useless = match (content.key)(without_blanks(&bytes)) {
                Some(key) => key == *token && self.target().file().sync_all().is_ok(),
                None => names_file(place) && whose == Whose::Files,
            };
            if is_useless {
                drop(left.temporary());
            }
        }
    }

    /// Nobody knows whether an interrupted save is there.
    fn cannot_look(&self) -> Error {
        let name = self.name();
        Error::new(
            Class::CantCreat,
            format!("cannot save {name}: {UNKNOWN_USER}"),
            "nothing was sent; try again",
        )
    }

    /// An interrupted save is there and has to be finished first.
    fn unfinished(&self, path: &Path, why: &str) -> Error {
        unfinished(&self.name(), path, why)
    }
}

/// The pending files of FILE, beside it or in the shelter, that hold a document.
pub(super) fn all_complete(
    beside: &Place,
    shelter: Option<&Place>,
    content: Content,
) -> Vec<(SideFile, Vec<u8>)> {
    let is_own = |place: &&Place| place.closed_because().is_none() && names_file(place);
    let beside = Some(beside).filter(is_own);
    let places = beside.into_iter().chain(shelter);
    let found = places.flat_map(|place| {
        let paths = all(place, Whose::Files).into_iter();
        paths.map(|path| find(place, &path, content))
    });
    let complete = found.filter_map(|found| match found {
        Ok(Found::Left(left, bytes)) => {
            let is_complete = successor(content, &bytes, None).is_some();
            is_complete.then_some((left, bytes))
        }
        _ => None,
    });
    complete.collect()
}

/// Removes what has the name of the pending file and is of no use, where that is allowed. A directory
/// stays.
fn remove(place: &Place, path: &Path) {
    if place.closed_because().is_none() {
        let _ = fs::remove_file(path);
    }
}

/// An interrupted save of the file of this name has to be finished first.
pub(super) fn unfinished(name: &str, path: &Path, why: &str) -> Error {
    let path = shown(path);
    let message = format!("cannot finish the interrupted save in {path}: {why}");
    let hint = if why == FOREIGN {
        format!("nothing was sent; move that file to {name}")
    } else {
        format!("nothing was sent; run again where {name} can be written, or move that file to it")
    };
    Error::new(Class::CantCreat, message, hint)
}
