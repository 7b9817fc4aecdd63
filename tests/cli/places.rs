//! Which files are replaced by rename and which are written in place, so that nothing of them but
//! the content changes, and nobody who can swap a directory can lead a rename elsewhere.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::process::Command;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::harness::{Case, Outcome, Running, SIGKILL};
use crate::kit::{FILE, PENDING, document, refresh_again, refresh_here, reply, rotating};
use crate::rights::{NOBODY, inode, is_root, mode, only_file_in, skip, with_mounts};

/// Refreshes a file; tells whether it is another file afterwards, and what there was beside it while
/// the server was asked.
fn refreshed_at(name: &str, prepare: impl FnOnce(Case) -> Case) -> (Outcome, bool, Vec<String>) {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = prepare(refresh_here(&endpoint)).arg("-v").arg(name);
    let path = case.path(name);
    let before = inode(&path);
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    let entries = fs::read_dir(path.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut beside: Vec<_> = names
        .filter(|it| **it != *path.file_name().unwrap())
        .collect();
    beside.sort();
    gate.open();
    let outcome = run.wait().code(0).file_is(name, document(1));
    let is_replaced = inode(&path) != before;
    (outcome, is_replaced, beside)
}

/// Makes a directory with a private file in it.
fn with_file_in(case: Case, directory: &str, mode: u32) -> Case {
    let name = format!("{directory}/{FILE}");
    case.subdirectory(directory)
        .file(&name, document(0))
        .mode(&name, 0o600)
        .mode(directory, mode)
}

/// Refreshes a file that must not be replaced, because of this.
fn keeps_its_inode(name: &str, because: &str, prepare: impl FnOnce(Case) -> Case) -> Vec<String> {
    let (outcome, is_replaced, beside) = refreshed_at(name, prepare);
    assert!(!is_replaced, "replaced by rename\n{outcome}");
    let steps = outcome.stderr_text();
    let done = steps.split_once("* save: written in place (").unwrap().1;
    assert!(done.lines().next().unwrap().contains(because), "{outcome}");
    beside
}

#[test]
fn a_private_file_in_private_directories_is_replaced() {
    for mode in [0o600, 0o700, 0o400, 0o604] {
        let (outcome, is_replaced, beside) = refreshed_at(FILE, |case| case.mode(FILE, mode));
        assert!(is_replaced);
        assert_eq!(beside, [PENDING]);
        outcome.mode_is(FILE, mode).files_are([FILE]);
    }
}

#[test]
fn a_file_with_group_bits_is_written_in_place() {
    for mode in [0o610, 0o620, 0o640, 0o664] {
        let because = format!("its group has rights, mode {mode:04o}");
        let beside = keeps_its_inode(FILE, &because, |case| case.mode(FILE, mode));
        assert_eq!(beside, [PENDING]);
    }
}

#[test]
fn a_file_with_several_names_is_written_in_place_under_all_of_them() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint);
    fs::hard_link(case.path(FILE), case.path("u.json")).unwrap();
    let first = case
        .arg(FILE)
        .run()
        .code(0)
        .file_is("u.json", document(1))
        .files_are([FILE, "u.json"]);
    let other = first.again().args(["refresh", "--token-endpoint"]);
    let second = other.args([&*endpoint.url(), "u.json"]).run().code(0);
    assert_eq!(inode(second.path(FILE)), inode(second.path("u.json")));
    second
        .file_is(FILE, document(2))
        .file_is("u.json", document(2));
}

#[test]
fn a_file_of_another_owner_is_written_in_place() {
    if !is_root(&Case::new()) {
        skip("only root can refresh the file of another user");
        return;
    }
    let (outcome, is_replaced, _) = refreshed_at(FILE, |case| {
        chown(case.path(FILE), Some(NOBODY), Some(NOBODY - 1)).unwrap();
        case
    });
    let after = fs::metadata(outcome.path(FILE)).unwrap();
    assert!(!is_replaced);
    assert_eq!((after.uid(), after.gid()), (NOBODY, NOBODY - 1));
    outcome.mode_is(FILE, 0o600).files_are([FILE]);
}

#[test]
fn nothing_is_created_where_others_can_write_to_a_directory() {
    for mode in [0o720, 0o702, 0o777] {
        let name = format!("open/{FILE}");
        let beside = keeps_its_inode(&name, "others can write to ", |case| {
            with_file_in(case, "open", mode)
        });
        assert!(beside.is_empty(), "{beside:?}");
        let name = format!("open/closed/{FILE}");
        let beside = keeps_its_inode(&name, "others can write to ", |case| {
            let case = case.subdirectory("open").mode("open", mode);
            with_file_in(case, "open/closed", 0o700)
        });
        assert!(beside.is_empty(), "{beside:?}");
    }
}

#[test]
fn a_sticky_directory_in_which_others_can_write_is_safe() {
    let (_, is_replaced, beside) = refreshed_at(&format!("open/{FILE}"), |case| {
        with_file_in(case, "open", 0o1777)
    });
    assert!(is_replaced);
    assert_eq!(beside, [PENDING]);
}

#[test]
fn nothing_is_created_in_a_directory_of_another_user() {
    if !is_root(&Case::new()) {
        skip("only root can make a directory of another user");
        return;
    }
    let of_nobody = |case: Case, name: &str| {
        chown(case.path(name), Some(NOBODY), None).unwrap();
        case
    };
    let name = format!("theirs/{FILE}");
    let beside = keeps_its_inode(&name, "theirs belongs to another user", |case| {
        of_nobody(with_file_in(case, "theirs", 0o700), "theirs")
    });
    assert!(beside.is_empty(), "{beside:?}");
    let name = format!("theirs/ours/{FILE}");
    let beside = keeps_its_inode(&name, "theirs belongs to another user", |case| {
        let case = case.subdirectory("theirs");
        of_nobody(with_file_in(case, "theirs/ours", 0o700), "theirs")
    });
    assert!(beside.is_empty(), "{beside:?}");
}

#[test]
fn a_link_through_an_open_directory_leads_to_a_file_that_is_replaced() {
    let (outcome, is_replaced, _) = refreshed_at("open/link.json", |case| {
        let case = with_file_in(case, "closed", 0o700).subdirectory("open");
        case.link("open/link.json", "../closed/token.json")
            .mode("open", 0o777)
    });
    assert!(is_replaced);
    outcome.link_is("open/link.json", "../closed/token.json");
}

#[test]
fn the_pending_file_is_private_and_usable_whatever_the_umask() {
    for umask in ["0", "0777"] {
        let gate = Gate::new();
        let endpoint = Endpoint::http(reply(1).after(&gate));
        let script = format!("umask {umask}; exec \"$@\"");
        let case = refresh_here(&endpoint).through(["sh", "-c", &script, "sh"]);
        let run = case.clone().arg(FILE).spawn();
        endpoint.wait_for_requests(1);
        assert_eq!(mode(&case.path(PENDING)), 0o600);
        gate.open();
        run.wait()
            .code(0)
            .file_is(FILE, document(1))
            .mode_is(FILE, 0o600)
            .files_are([FILE]);
    }
}

#[test]
fn room_in_the_file_is_given_back_when_the_run_fails() {
    let endpoint = Endpoint::http(Reply::error(400, "invalid_client", "none"));
    let name = format!("open/{FILE}");
    with_file_in(refresh_here(&endpoint), "open", 0o777)
        .arg(&name)
        .run()
        .code(78)
        .file_is(&name, document(0));
    endpoint.only_request();
}

#[test]
fn room_in_the_file_is_not_given_back_if_somebody_has_written_behind_it() {
    let gate = Gate::new();
    let refusal = Reply::error(400, "invalid_client", "none");
    let endpoint = Endpoint::http(refusal.after(&gate));
    let name = format!("open/{FILE}");
    let case = with_file_in(refresh_here(&endpoint), "open", 0o777).arg(&name);
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    let path = case.path(&name);
    let mut file = File::options().append(true).open(path).unwrap();
    file.write_all(b"\n").unwrap();
    let with_room = fs::read(case.path(&name)).unwrap();
    gate.open();
    run.wait().code(78).file_is(&name, with_room);
}

#[test]
fn a_document_that_becomes_shorter_leaves_nothing_behind_itself_in_place() {
    let endpoint = Endpoint::http(rotating());
    let long = document(0).replace("access-0", &"x".repeat(200));
    refresh_here(&endpoint)
        .file(FILE, long)
        .mode(FILE, 0o640)
        .arg(FILE)
        .run()
        .code(0)
        .file_is(FILE, document(1))
        .files_are([FILE]);
}

#[test]
fn room_in_the_file_is_blanks_behind_the_document_while_the_server_is_asked() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let name = format!("open/{FILE}");
    let case = with_file_in(refresh_here(&endpoint), "open", 0o777).arg(&name);
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    let during = fs::read_to_string(case.path(&name)).unwrap();
    let blanks = during.strip_prefix(&document(0)).unwrap();
    assert!(blanks.len() > 64 * 1024 && blanks.trim_matches(' ').is_empty());
    let reader = with_dry_run(&case);
    gate.open();
    run.wait().code(0).file_is(&name, document(1));
    drop(reader);
}

/// Starts another run that waits for the first one's lock, and reads the file before.
fn with_dry_run(case: &Case) -> Running {
    let waiter = case.clone().args(["-v", "--dry-run"]).spawn();
    waiter.wait_for_stderr("* lock: waiting");
    waiter
}

#[test]
fn blanks_that_a_killed_run_left_in_the_file_are_cut_off_by_the_next() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let name = format!("open/{FILE}");
    let case = with_file_in(refresh_here(&endpoint), "open", 0o777).arg(&name);
    let mut run = case.spawn();
    endpoint.wait_for_requests(1);
    run.kill();
    run.wait().ended_by(SIGKILL);
    gate.open();
    assert!(fs::read(case.path(&name)).unwrap().len() > 64 * 1024);
    case.arg("--dry-run")
        .run()
        .code(0)
        .file_is(&name, document(0));
}

#[test]
fn new_tokens_that_cannot_be_written_in_place_go_to_the_temporary_directory() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let name = format!("open/{FILE}");
    let case = with_file_in(refresh_here(&endpoint), "open", 0o777).subdirectory("tmp");
    let tmp = case.path("tmp");
    let case = case.env("TMPDIR", &tmp).arg(&name);
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    fs::write(case.path(&name), document(7)).unwrap();
    gate.open();
    let outcome = run.wait().code(74).file_is(&name, document(7));
    let kept = only_file_in(&only_file_in(&tmp));
    let message = format!("the new tokens are in {}\n", kept.display());
    assert!(outcome.stderr_text().contains(&message), "{outcome}");
    outcome.file_is(&kept, document(1)).mode_is(&kept, 0o600);
}

#[test]
fn a_pending_file_on_another_file_system_has_room_in_the_file_beside() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).subdirectory("other").arg(FILE);
    let script = concat!(
        "mount -t tmpfs -o size=16k,mode=0700 tmpfs other; install -m 600 token.json other; ",
        r#"mount --bind other/token.json token.json; "$@""#
    );
    let Some(case) = with_mounts(case, script) else {
        return;
    };
    case.run()
        .code(73)
        .stderr(concat!(
            "sftoken: cannot save token.json: no space left on device\n",
            "hint: nothing was sent; make room (65 KiB), or make the file or its directory writable\n",
        ))
        .files_are([FILE, "other"]);
    assert_eq!(endpoint.connections(), 0);
}

/// Runs a command of the access control lists; none, with a message, where there are none.
fn with_access_list(case: Case, program: &str, args: &[&str]) -> Option<Case> {
    let mut command = Command::new(program);
    let output = command.args(args).current_dir(case.path(".")).output();
    match output {
        Ok(output) if output.status.success() => Some(case),
        _ => {
            skip("no access control lists here (setfacl, and a file system with them)");
            None
        }
    }
}

/// The access control list of FILE.
fn access_list(outcome: &Outcome) -> String {
    let mut command = Command::new("getfacl");
    let command = command.args(["-cpEn", FILE]).current_dir(outcome.path("."));
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn an_access_control_list_stays_as_it_is() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).arg(FILE);
    let before = inode(case.path(FILE));
    let Some(case) = with_access_list(case, "setfacl", &["-m", "u:33:r", FILE]) else {
        return;
    };
    let outcome = case.run().code(0).file_is(FILE, document(1));
    let expected = "user::rw-\nuser:33:r--\ngroup::---\nmask::r--\nother::---\n\n";
    assert_eq!(access_list(&outcome), expected);
    assert_eq!(inode(outcome.path(FILE)), before);
}

#[test]
fn a_default_access_control_list_of_the_directory_opens_nothing() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).arg(FILE);
    let args = ["-d", "-m", "u:33:rwx,g::rwx,o::rwx", "."];
    let Some(case) = with_access_list(case, "setfacl", &args) else {
        return;
    };
    let outcome = case.run().code(0).mode_is(FILE, 0o600);
    let list = access_list(&outcome);
    assert!(list.contains("mask::---\nother::---\n"), "{list}");
    refresh_again(&outcome, &endpoint).run().code(0);
}
