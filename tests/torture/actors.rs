//! Who may come along while a run is stopped: other runs, editors, a new login, `touch`, `chmod`,
//! and those who delete.
//!
//! An actor does its whole work while the run stands still, as quick programs do. Another run that
//! meets the lock of the stopped one is left behind, waiting, and goes on together with it.

use crate::arena::{Arena, LINK, SECOND_NAME, Way, is_root};
use crate::deeds::{
    Deed, by_rename, change_mode, delete, delete_pending, edit, in_place, log_in, longer, put_back,
    refresh_without_lock, run, shorter, touch,
};

/// Who comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Another run by the same path.
    Run,
    /// Another run by a symbolic link.
    RunByLink,
    /// Another run by a hard link, which is new if FILE has none.
    RunByHardLink,
    /// An editor that writes a longer text in place.
    EditLonger,
    /// An editor that writes a shorter text in place.
    EditShorter,
    /// An editor that replaces FILE.
    EditByRename,
    /// The same, and another run.
    EditAndRun,
    /// A new login that replaces FILE.
    LoginByRename,
    /// A new login that writes FILE in place.
    LoginInPlace,
    /// `touch FILE`.
    Touch,
    /// `rm FILE`.
    DeleteFile,
    /// `rm` of every pending file beside FILE.
    DeletePending,
    /// `chmod 640 FILE`.
    ChmodGroup,
    /// `chmod 400 FILE`.
    ChmodReadOnly,
    /// A program that refreshes without the lock.
    Stranger,
    /// The file that was there before the run is put back.
    Backup,
}

impl Actor {
    /// All of them; the last two do what no program can make good.
    pub(crate) const ALL: [Self; 16] = [
        Self::Run,
        Self::RunByLink,
        Self::RunByHardLink,
        Self::EditLonger,
        Self::EditShorter,
        Self::EditByRename,
        Self::EditAndRun,
        Self::LoginByRename,
        Self::LoginInPlace,
        Self::Touch,
        Self::DeleteFile,
        Self::DeletePending,
        Self::ChmodGroup,
        Self::ChmodReadOnly,
        Self::Stranger,
        Self::Backup,
    ];

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Run => "another run",
            Self::RunByLink => "another run, by a symbolic link",
            Self::RunByHardLink => "another run, by a hard link",
            Self::EditLonger => "an editor in place, longer text",
            Self::EditShorter => "an editor in place, shorter text",
            Self::EditByRename => "an editor by rename",
            Self::EditAndRun => "an editor by rename, then a run",
            Self::LoginByRename => "a new login by rename",
            Self::LoginInPlace => "a new login in place",
            Self::Touch => "touch",
            Self::DeleteFile => "deletion of FILE",
            Self::DeletePending => "deletion of the pending file",
            Self::ChmodGroup => "chmod 640",
            Self::ChmodReadOnly => "chmod 400",
            Self::Stranger => "a refresh without the lock",
            Self::Backup => "the old file put back",
        }
    }

    /// Whether a run can be expected to succeed after it. What can neither be renamed over nor
    /// written is refused, and only root can put something in a directory that is closed. The only
    /// copy of the newest token must not be deleted, nor an older one be sent; it lies beside one name
    /// of FILE.
    pub(crate) fn suits(self, way: Way) -> bool {
        match self {
            Self::DeleteFile
            | Self::DeletePending
            | Self::Stranger
            | Self::Backup
            | Self::RunByHardLink
                if way == Way::Interrupted =>
            {
                false
            }
            Self::ChmodReadOnly => way.is_rename() || way != Way::Closed && is_root(),
            Self::EditLonger | Self::EditShorter | Self::LoginInPlace | Self::Touch => true,
            _ => way != Way::Closed || is_root(),
        }
    }

    /// Does its work. An error is what it finds broken.
    pub(crate) fn act(self, arena: &Arena) -> Result<Deed, String> {
        Ok(match self {
            Self::Run => run(arena, &arena.file()),
            Self::RunByLink => run(arena, &arena.path(LINK)),
            Self::RunByHardLink => {
                arena.link_twice();
                run(arena, &arena.path(SECOND_NAME))
            }
            Self::EditLonger => edit(arena, longer, in_place)?,
            Self::EditShorter => edit(arena, shorter, in_place)?,
            Self::EditByRename => edit(arena, longer, by_rename)?,
            Self::EditAndRun => {
                let edited = edit(arena, shorter, by_rename)?;
                let Deed { runs, .. } = run(arena, &arena.file());
                Deed { runs, ..edited }
            }
            Self::LoginByRename => log_in(arena, by_rename),
            Self::LoginInPlace => log_in(arena, in_place),
            Self::Touch => touch(arena),
            Self::DeleteFile => delete(arena),
            Self::DeletePending => delete_pending(arena),
            Self::ChmodGroup => change_mode(arena, 0o640),
            Self::ChmodReadOnly => change_mode(arena, 0o400),
            Self::Stranger => refresh_without_lock(arena)?,
            Self::Backup => put_back(arena),
        })
    }
}
