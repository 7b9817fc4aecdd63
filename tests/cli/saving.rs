//! Saving: FILE keeps its mode, owner and place, and new tokens end up somewhere whatever happens.
//!
//! What only a user without rights can meet is tested as such a user, also when the tests run as
//! root. What another program does during the request is done by the server's script.

use std::cell::Cell;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use crate::endpoint::{Endpoint, Gate, Reply, Request};
use crate::harness::{Case, Outcome};
use crate::kit::{FILE, PENDING, document, refresh_here, refreshed, reply, rotating};
use crate::rights::{
    files_in, forget_use, inode, is_used, mode, only_file_in, replace_file, unprivileged,
    with_mounts, with_tmp,
};

/// A file name to which nothing can be added.
const LONG_NAME_LEN: usize = 250;

/// A run during which something happens: the reply waits until it has.
fn meanwhile(reply: Reply, prepare: impl Fn(Case) -> Case, happens: impl Fn(&Case)) -> Outcome {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply.after(&gate));
    let case = prepare(refresh_here(&endpoint));
    let run = case.clone().arg(FILE).spawn();
    endpoint.wait_for_requests(1);
    happens(&case);
    gate.open();
    let outcome = run.wait();
    endpoint.only_request();
    outcome
}

/// What a run says whose tokens had to go elsewhere.
fn moved_aside(why: &str, path: &Path) -> String {
    let path = path.display();
    format!(
        "sftoken: cannot save {FILE}: {why}; the new tokens are in {path}\n\
         hint: move {path} to {FILE} before the next run\n"
    )
}

/// A refresh of FILE by a user who may not write to the directory around it.
fn in_a_closed_directory(endpoint: &Endpoint) -> Option<Case> {
    unprivileged(refresh_here(endpoint).arg(FILE)).map(|case| case.mode(".", 0o555))
}

#[test]
fn keeps_the_mode() {
    for mode in [0o600, 0o640, 0o400, 0o604] {
        let endpoint = Endpoint::http(rotating());
        refresh_here(&endpoint)
            .mode(FILE, mode)
            .arg(FILE)
            .run()
            .code(0)
            .stdout("")
            .file_is(FILE, document(1))
            .mode_is(FILE, mode)
            .files_are([FILE]);
    }
}

#[test]
fn a_file_that_its_owner_may_not_write_is_replaced() {
    let endpoint = Endpoint::http(rotating());
    let Some(case) = unprivileged(refresh_here(&endpoint).mode(FILE, 0o400)) else {
        return;
    };
    case.arg(FILE)
        .run()
        .code(0)
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1))
        .mode_is(FILE, 0o400)
        .files_are([FILE]);
}

#[test]
fn a_link_stays_and_its_target_elsewhere_is_replaced() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint)
        .subdirectory("elsewhere")
        .file("elsewhere/real.json", document(0))
        .mode("elsewhere/real.json", 0o600)
        .link("link.json", "elsewhere/real.json");
    let before = inode(case.path("elsewhere/real.json"));
    let outcome = case
        .arg("link.json")
        .run()
        .code(0)
        .link_is("link.json", "elsewhere/real.json")
        .file_is("elsewhere/real.json", document(1))
        .mode_is("elsewhere/real.json", 0o600)
        .file_is(FILE, document(0))
        .files_are([FILE, "link.json", "elsewhere"]);
    let real = only_file_in(&outcome.path("elsewhere"));
    assert_ne!(inode(real), before, "not replaced by rename");
}

#[test]
fn the_pending_file_is_private_and_has_room_before_anything_is_sent() {
    let check = |case: &Case| {
        let pending = case.path(PENDING);
        let content = fs::read(&pending).unwrap();
        assert_eq!(mode(&pending), 0o600);
        assert!(content.len() > 64 * 1024);
        assert!(content.iter().all(|byte| *byte == b' '));
    };
    meanwhile(reply(1), |case| case.mode(FILE, 0o640), check)
        .code(0)
        .file_is(FILE, document(1))
        .mode_is(FILE, 0o640)
        .files_are([FILE]);
}

#[test]
fn a_refusal_leaves_nothing_beside_the_file() {
    let refusal = Reply::error(400, "invalid_grant", "expired access/refresh token");
    meanwhile(refusal, |case| case, |_| ())
        .code(77)
        .stdout("")
        .file_is(FILE, document(0))
        .files_are([FILE]);
}

#[test]
fn writes_in_place_where_the_directory_cannot_be_written() {
    let endpoint = Endpoint::http(rotating());
    let Some(case) = in_a_closed_directory(&endpoint) else {
        return;
    };
    let before = inode(case.path(FILE));
    let outcome = case.arg("-v").run().code(0).stdout("");
    let outcome = outcome.file_is(FILE, document(1)).mode_is(FILE, 0o600);
    assert_eq!(inode(outcome.path(FILE)), before);
    let steps = outcome.stderr_text();
    let planned = "* save: will be in place (permission denied)\n";
    assert!(steps.contains(planned), "{steps}");
    let done = "* save: written in place (permission denied)\n";
    assert!(steps.contains(done), "{steps}");
    outcome.files_are([FILE]);
}

#[test]
fn writing_in_place_leaves_nothing_of_a_longer_document() {
    let endpoint = Endpoint::http(rotating());
    let Some(case) = unprivileged(refresh_here(&endpoint).arg(FILE)) else {
        return;
    };
    let long = document(0).replace("access-0", &"x".repeat(9999));
    case.file(FILE, long)
        .mode(".", 0o555)
        .run()
        .code(0)
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1));
}

#[test]
fn asks_for_nothing_where_neither_directory_nor_file_can_be_written() {
    let endpoint = Endpoint::http(rotating());
    let Some(case) = in_a_closed_directory(&endpoint) else {
        return;
    };
    for dry_run in [None, Some("--dry-run")] {
        case.clone()
            .mode(FILE, 0o440)
            .args(dry_run)
            .run()
            .code(73)
            .stdout("")
            .stderr(concat!(
                "sftoken: cannot save token.json: permission denied\n",
                "hint: nothing was sent; it has mode 0440 and owner 65534: let this user write to it\n",
            ))
            .file_is(FILE, document(0))
            .files_are([FILE]);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn asks_for_nothing_where_a_file_would_have_to_be_written_in_place_but_may_not_be() {
    let endpoint = Endpoint::http(rotating());
    let Some(case) = unprivileged(refresh_here(&endpoint).mode(FILE, 0o440)) else {
        return;
    };
    let owner = fs::metadata(case.path(FILE)).unwrap().uid();
    case.arg(FILE)
        .run()
        .code(73)
        .stdout("")
        .stderr(format!(
            "sftoken: cannot save token.json: permission denied (its group has rights, mode 0440)\n\
             hint: nothing was sent; it has mode 0440 and owner {owner}: let this user write to it\n"
        ))
        .file_is(FILE, document(0))
        .files_are([FILE]);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn what_another_program_put_there_is_not_overwritten() {
    let interferences: [fn(&Case); 2] = [
        |case| replace_file(&case.path(FILE), &document(7)),
        |case| fs::write(case.path(FILE), document(7)).unwrap(),
    ];
    for interfere in interferences {
        let outcome = meanwhile(reply(1), with_tmp, interfere)
            .code(74)
            .stdout("")
            .file_is(FILE, document(7))
            .file_is(PENDING, document(1))
            .mode_is(PENDING, 0o600)
            .files_are([FILE, PENDING, "tmp"]);
        let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
        let pending = pending.display();
        outcome.stderr(format!(
            "sftoken: cannot save {FILE}: another program changed it during the refresh; \
             the new tokens are in {pending}\n\
             hint: move {pending} to {FILE} unless another login is there that you want to keep\n"
        ));
    }
}

#[test]
fn what_another_program_changes_meanwhile_is_kept_beside_the_new_tokens() {
    let with_note = |number| document(number).replace("{\n", "{\n  \"note\": \"mine\",\n");
    let interferences: [fn(&Case, &str); 2] = [
        |case, content| replace_file(&case.path(FILE), content),
        |case, content| fs::write(case.path(FILE), content).unwrap(),
    ];
    for interfere in interferences {
        for (theirs, ours) in [
            (document(0), document(1)),
            (with_note(0), with_note(1)),
            (document(0).replace(' ', ""), document(1)),
        ] {
            let before = Cell::new(0);
            let happens = |case: &Case| {
                interfere(case, &theirs);
                before.set(inode(case.path(FILE)));
            };
            let prepare = |case: Case| with_tmp(case.mode(FILE, 0o600));
            let outcome = meanwhile(reply(1), prepare, happens)
                .code(0)
                .stdout("")
                .file_is(FILE, ours)
                .files_are([FILE, "tmp"]);
            assert!(outcome.stderr_text().starts_with("sftoken: refreshed"));
            let is_replaced = inode(outcome.path(FILE)) != before.get();
            assert!(
                is_replaced || mode(&outcome.path(FILE)) & 0o070 != 0,
                "{outcome}"
            );
        }
    }
}

#[test]
fn a_link_that_is_changed_meanwhile_is_followed() {
    let retarget = |case: &Case| {
        fs::write(case.path("other.json"), document(0)).unwrap();
        fs::remove_file(case.path(FILE)).unwrap();
        symlink("other.json", case.path(FILE)).unwrap();
    };
    meanwhile(reply(1), |case| case, retarget)
        .code(0)
        .link_is(FILE, "other.json")
        .file_is("other.json", document(1))
        .files_are([FILE, "other.json"]);
}

#[test]
fn a_file_that_was_removed_during_the_request_does_not_take_the_tokens_along() {
    let remove = |case: &Case| fs::remove_file(case.path(FILE)).unwrap();
    let outcome = meanwhile(reply(1), with_tmp, remove).code(74).stdout("");
    let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
    let why = "it was removed during the refresh";
    outcome
        .file_is(PENDING, document(1))
        .stderr(moved_aside(why, &pending))
        .files_are([PENDING, "tmp"]);
}

#[test]
fn new_tokens_go_to_the_temporary_directory_where_no_pending_file_is_left() {
    let remove_all = |case: &Case| {
        fs::remove_file(case.path(FILE)).unwrap();
        fs::remove_file(case.path(PENDING)).unwrap();
    };
    let outcome = meanwhile(reply(1), with_tmp, remove_all)
        .code(74)
        .stdout("");
    let rescued = only_file_in(&outcome.path("tmp"));
    assert_eq!(mode(&rescued), 0o600);
    let why = "it was removed during the refresh";
    outcome
        .file_is(&rescued, document(1))
        .stderr(moved_aside(why, &rescued))
        .files_are(["tmp"]);
}

#[test]
fn a_save_works_without_the_pending_file_if_somebody_removes_it() {
    let before = Cell::new(0);
    let remove = |case: &Case| {
        fs::remove_file(case.path(PENDING)).unwrap();
        before.set(inode(case.path(FILE)));
        forget_use(&case.path("tmp"));
    };
    let outcome = meanwhile(reply(1), with_tmp, remove)
        .code(0)
        .file_is(FILE, document(1))
        .files_are([FILE, "tmp"]);
    // In place, since a copy far from it is not renamed over a file.
    assert_eq!(inode(outcome.path(FILE)), before.get());
    assert!(is_used(&outcome.path("tmp")), "no copy\n{outcome}");
    assert_eq!(files_in(&outcome.path("tmp")), [] as [PathBuf; 0]);
}

#[test]
fn a_document_for_which_the_disk_has_no_room_after_all_goes_to_the_temporary_directory() {
    let signature = "x".repeat(200_000);
    let body = format!(r#"{{"refresh_token":"5Aep-1","signature":"{signature}"}}"#);
    let endpoint = Endpoint::http(Reply::json(
        200,
        body.replace('{', r#"{"access_token":"a","#),
    ));
    let case = with_tmp(refresh_here(&endpoint)).subdirectory("disk");
    let script = concat!(
        "mount -t tmpfs -o size=96k,mode=0700 tmpfs disk; install -m 600 token.json disk; ",
        r#"code=0; "$@" || code=$?; ls -A disk; cat disk/token.json; exit $code"#,
    );
    let Some(case) = with_mounts(case.arg("disk/token.json"), script) else {
        return;
    };
    let outcome = case.run().code(74);
    let outcome = outcome.stdout(format!("{FILE}\n{}", document(0)));
    let kept = only_file_in(&outcome.path("tmp"));
    let why = "no space left on device";
    let message = moved_aside(why, &kept).replace(FILE, "disk/token.json");
    outcome.stderr(message);
    let kept = fs::read_to_string(kept).unwrap();
    assert!(kept.contains("5Aep-1") && kept.contains(&signature));
}

#[test]
fn a_long_document_needs_room_for_itself_and_some_growth_and_no_more() {
    let endpoint = Endpoint::http(rotating());
    let long = document(0).replace("access-0", &"x".repeat(200_000));
    let case = refresh_here(&endpoint)
        .file(FILE, long)
        .subdirectory("disk");
    let script = concat!(
        "mount -t tmpfs -o size=500k,mode=0700 tmpfs disk; install -m 600 token.json disk; ",
        r#""$@"; cat disk/token.json"#,
    );
    let Some(case) = with_mounts(case.args(["-v", "disk/token.json"]), script) else {
        return;
    };
    let outcome = case.run().code(0).stdout(document(1));
    assert!(!outcome.stderr_text().contains("in place"), "{outcome}");
}

#[test]
fn a_refused_token_that_was_replaced_meanwhile_is_no_failure() {
    let refusal = Reply::error(400, "invalid_grant", "expired access/refresh token");
    let print = |case: Case| case.args(["--print", "token"]);
    meanwhile(refusal, print, |case| {
        replace_file(&case.path(FILE), &document(7));
    })
    .code(0)
    .stdout("00D!access-7\n")
    .stderr("sftoken: kept token.json: another program refreshed it meanwhile\n")
    .file_is(FILE, document(7))
    .files_are([FILE]);
}

#[test]
fn a_dry_run_leaves_everything_as_it_was() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).args(["--dry-run", FILE]);
    let state = |path: PathBuf| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.ino(), metadata.modified().unwrap())
    };
    let before = state(case.path(FILE));
    let outcome = case
        .run()
        .code(0)
        .stdout("")
        .stderr(format!(
            "sftoken: dry run: would refresh {FILE}: POST grant_type, client_id, refresh_token \
             to {}\n",
            endpoint.url()
        ))
        .file_is(FILE, document(0))
        .files_are([FILE]);
    assert_eq!(state(outcome.path(FILE)), before);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_name_too_long_for_a_pending_file_has_one_without_that_name() {
    let name = "n".repeat(LONG_NAME_LEN);
    let (gate, server) = (Gate::new(), rotating());
    let reply_gate = gate.clone();
    let endpoint = Endpoint::http(move |request: &Request| server(request).after(&reply_gate));
    let case = refresh_here(&endpoint)
        .file(&name, document(0))
        .mode(&name, 0o600)
        .arg(&name);
    let before = inode(case.path(&name));
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    assert_eq!(mode(&case.path(".sftoken-90b6aad50e206ce2")), 0o600);
    gate.open();
    let outcome = run
        .wait()
        .code(0)
        .file_is(&name, document(1))
        .files_are([FILE, &name]);
    assert_ne!(inode(outcome.path(&name)), before, "not replaced by rename");
}

#[test]
fn an_empty_name_of_a_temporary_directory_is_none() {
    let endpoint = Endpoint::http(rotating());
    let case = Case::new()
        .args(["refresh", "--token-endpoint", &endpoint.url()])
        .args(["--print", "token", "-"])
        .env("TMPDIR", "")
        .stdin(document(0));
    let outcome = case.run().code(0).files_are::<PathBuf>([]);
    let said = outcome.stderr_text();
    let (_, path) = said.split_once("it is in ").unwrap();
    let path = Path::new(path.lines().next().unwrap());
    assert_eq!(path.parent(), Some(Path::new("/tmp")));
    fs::remove_file(path).unwrap();
}
