//! FILE in the hands of a run: locked, mended, with room for what will come.
//!
//! Both stories go through these steps in this order, and say the same about them.

use std::cell::Cell;
use std::mem;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::document::Document;
use crate::error::{Class, Error};
use crate::say;
use crate::store::{Locked, NewFile, Prepared, TokenFile};

/// A wait that lasts as long is said: one that ends sooner is nobody's concern.
const FELT: Duration = Duration::from_secs(1);

/// How a run gets hold of FILE.
pub(crate) struct Hold {
    /// How messages call FILE.
    pub(crate) name: String,
    /// Nothing is waited for beyond this.
    deadline: Deadline,
    /// Whether another process had FILE, or its pending file, before this one.
    has_waited: Cell<bool>,
}

impl Hold {
    /// Nothing is held yet.
    pub(crate) fn new(name: String, deadline: Deadline) -> Self {
        Self {
            name,
            deadline,
            has_waited: Cell::new(false),
        }
    }

    /// Whether there was another process to wait for.
    pub(crate) fn has_waited(&self) -> bool {
        self.has_waited.get()
    }

    /// Waits until FILE is ours.
    ///
    /// # Errors
    /// As [`TokenFile::lock`].
    pub(crate) fn lock(&self, file: TokenFile) -> Result<Locked, Error> {
        let locked = file.lock(self.deadline, &mut self.waiting())?;
        say::step(|| format!("lock: {} is ours", self.name));
        Ok(locked)
    }

    /// All begins again from FILE, since another program was there.
    ///
    /// # Errors
    /// `TEMPFAIL` at the deadline.
    pub(crate) fn begin_again(&self) -> Result<(), Error> {
        let name = &self.name;
        say::step(|| format!("lock: {name} was replaced meanwhile"));
        if !self.deadline.left().is_zero() {
            return Ok(());
        }
        Err(Error::new(
            Class::TempFail,
            format!("cannot lock {name}: other programs replaced it until the deadline"),
            "try again later, or give a longer --timeout",
        ))
    }

    /// Finishes what an interrupted run left; tells whether there was something.
    ///
    /// # Errors
    /// As [`Locked::recover`].
    pub(crate) fn recover(&self, locked: &mut Locked) -> Result<bool, Error> {
        Ok(self.tell_recovered(locked.recover()?))
    }

    /// Says what became of an interrupted save, if there was one.
    fn tell_recovered(&self, recovered: bool) -> bool {
        if recovered {
            let name = &self.name;
            say::warning(format_args!("finished an interrupted save of {name}"));
        }
        recovered
    }

    /// Makes sure that what comes of a document can be saved; none if all has to begin again from
    /// FILE.
    ///
    /// # Errors
    /// `DATAERR` if a later run could not read the document; `CANTCREAT`.
    pub(crate) fn prepare<'a>(
        &self,
        locked: &'a Locked,
        document: &Document,
    ) -> Result<Option<Prepared<'a>>, Error> {
        let len = self.rendered_len(document)?;
        let reserved = locked.reserve(len, self.deadline, &mut self.waiting())?;
        Ok(reserved.map(Prepared::from).inspect(tell_how))
    }

    /// The same for a FILE that there is not yet, after what an interrupted run left has become FILE.
    ///
    /// # Errors
    /// As [`Hold::prepare`].
    pub(crate) fn prepare_new<'a>(
        &self,
        file: &'a NewFile,
        document: &Document,
    ) -> Result<Option<Prepared<'a>>, Error> {
        if self.tell_recovered(file.recover()?) {
            return Ok(None);
        }
        let len = self.rendered_len(document)?;
        let reserved = file.reserve(len, self.deadline, &mut self.waiting())?;
        Ok(reserved.map(Prepared::from).inspect(tell_how))
    }

    /// Bytes that a document has as it will be saved.
    fn rendered_len(&self, document: &Document) -> Result<usize, Error> {
        document.checked_len().map_err(|why| self.unusable(why))
    }

    /// FILE is not a document.
    pub(crate) fn unusable(&self, why: Error) -> Error {
        why.within(format_args!("cannot use {}", self.name))
    }

    /// Says that the run waits for another process: once, when that takes long, and at once with
    /// `--verbose`.
    fn waiting(&self) -> impl FnMut(Duration) + '_ {
        let mut is_felt = false;
        let what = format!("waiting for another process to finish with {}", self.name);
        move |waited| {
            if !self.has_waited.replace(true) {
                say::step(|| format!("lock: {what}"));
            }
            if waited >= FELT && !mem::replace(&mut is_felt, true) {
                say::wait(&what);
            }
        }
    }
}

/// Which way the save will go, for verbose output.
fn tell_how(prepared: &Prepared) {
    say::step(|| match prepared.in_place_because() {
        Some(why) => format!("save: will be in place ({why})"),
        None => "save: pending file ready".to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_again_behind_the_deadline() {
        let again = |timeout| {
            let deadline = Deadline::after(timeout).expect("a deadline");
            Hold::new("t.json".to_owned(), deadline).begin_again()
        };
        again(Duration::from_secs(60)).expect("time is left");
        let error = again(Duration::ZERO).expect_err("no time is left");
        assert_eq!(error.class, Class::TempFail);
    }
}
