//! A login that makes FILE, killed at each call behind the pasted address, or with each call on a
//! file there failing; then a refresh, and another login.
//!
//! FILE is whole or absent, the tokens of a login are in FILE, in the pending file of a FILE that
//! has no token, or where the message says, and nothing of all that stands in the way of the next
//! runs or stays beside FILE.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;

use crate::crew::try_all;
use crate::desk::{Desk, Login, token_in};
use crate::point::Point;
use crate::trace::{Call, Trace};
use crate::{is_strace_missing, say};

/// What the first login brings.
const FIRST: &str = "5Aep-login-1";

/// What the login behind it brings.
const SECOND: &str = "5Aep-login-2";

/// SIGKILL.
const KILL: i32 = 9;

/// FILE is missing.
const NO_INPUT: i32 = 66;

/// How a login may end of which a call on a file failed: nothing wrong, input that cannot be read,
/// no connection, saving impossible, not saved at FILE.
const CODES: [i32; 5] = [0, NO_INPUT, 69, 73, NOT_SAVED];

/// New tokens came, but are not at FILE.
const NOT_SAVED: i32 = 74;

/// Tries one point; false if the login did not come there, as the network delivered in fewer pieces.
fn try_point(point: &Point) -> Result<bool, String> {
    let desk = Desk::new();
    let login = desk.log_in_under_strace(Some(&point.injection()));
    if !login.trace.has(&point.call) {
        let can_be = point.call.is_on_network();
        return can_be
            .then_some(false)
            .ok_or_else(|| format!("the login did not come to this call\n{}", login.stderr));
    }
    check_end(point, &login)?;
    check_tokens(&desk, &login, point.is_kill())?;
    go_on(&desk).map_err(|why| format!("{why}\nthe login said: {}", login.stderr))?;
    Ok(true)
}

/// The login ended as it should, without telling secrets.
fn check_end(point: &Point, login: &Login) -> Result<(), String> {
    let is_expected = if point.is_kill() {
        login.status.signal() == Some(KILL)
    } else {
        let code = login.status.code();
        code.is_some_and(|it| CODES.contains(&it))
    };
    let tells = login.stderr.contains("5Aep-") || login.stderr.contains("00D!");
    let unexpected = || format!("{}\n{}", login.status, login.stderr);
    (is_expected && !tells).then_some(()).ok_or_else(unexpected)
}

/// FILE is whole or absent, and the tokens are where they should be. What a message names is moved
/// to FILE, as its hint says.
fn check_tokens(desk: &Desk, login: &Login, is_killed: bool) -> Result<(), String> {
    let in_file = desk.file().exists().then(|| desk.token()).transpose()?;
    if in_file.as_deref().is_some_and(|token| token != FIRST) {
        return Err(format!("FILE has {in_file:?}"));
    }
    let is_safe = in_file.is_some() || token_in(&desk.pending()).as_deref() == Some(FIRST);
    match login.status.code() {
        _ if is_killed && (is_safe || !login.trace.has_written()) => Ok(()),
        Some(0) if in_file.is_some() => Ok(()),
        Some(NOT_SAVED) if desk.was_asked() => {
            let (_, rest) = login
                .stderr
                .split_once("the new tokens are in ")
                .ok_or_else(|| format!("no message says where they are\n{}", login.stderr))?;
            let path = rest.lines().next().unwrap_or_default();
            fs::rename(path, desk.file()).map_err(|error| format!("{path}: {error}"))?;
            let moved = desk.token()?;
            (moved == FIRST)
                .then_some(())
                .ok_or(format!("it is {moved}"))
        }
        Some(code) if code != 0 && in_file.is_none() && !desk.was_asked() => Ok(()),
        _ => Err(format!(
            "{}, FILE has {in_file:?}\n{}",
            login.status, login.stderr
        )),
    }
}

/// The runs that come next: a refresh, a look with `--dry-run`, a refresh, and another login.
fn go_on(desk: &Desk) -> Result<(), String> {
    let expect = |what: &str, code: i32, expected: i32, said: &str| {
        let is_expected = code == expected;
        let wrong = || format!("{what} ends with {code}, not {expected}: {said}");
        is_expected.then_some(()).ok_or_else(wrong)
    };
    let refresh = || {
        let is_there = desk.file().exists();
        let (code, said) = desk.run("refresh", &[]);
        expect(
            "a refresh",
            code,
            if is_there { 0 } else { NO_INPUT },
            &said,
        )?;
        if is_there { check_alone(desk) } else { Ok(()) }
    };
    refresh()?;
    let was_complete = token_in(&desk.pending()).is_some();
    let (code, said) = desk.run("login", &["--dry-run"]);
    expect("a dry run", code, 0, &said)?;
    if was_complete && !desk.file().exists() {
        return Err("FILE was not made of the complete pending file".to_owned());
    }
    refresh()?;
    let login = desk.log_in();
    let code = login.status.code().unwrap_or_default();
    expect("another login", code, 0, &login.stderr)?;
    let token = desk.token()?;
    if token != SECOND {
        return Err(format!("after another login FILE has {token}"));
    }
    check_alone(desk)
}

/// FILE has one name, is private, and nothing is beside it.
fn check_alone(desk: &Desk) -> Result<(), String> {
    let found = fs::symlink_metadata(desk.file()).map_err(|error| error.to_string())?;
    let litter = desk.litter();
    let is_alone = found.nlink() == 1 && found.mode() & 0o7777 == 0o600 && litter.is_empty();
    let wrong = || {
        let (names, mode) = (found.nlink(), found.mode());
        format!("FILE has {names} names and mode {mode:o}, beside it are {litter:?}")
    };
    is_alone.then_some(()).ok_or_else(wrong)
}

/// The calls of a login behind the pasted address.
fn calls_behind_address(trace: &Trace) -> Vec<Call> {
    let calls: Vec<_> = trace.calls().cloned().collect();
    let is_input = |call: &Call| call.name == "read" && call.first_argument() == "0";
    let read = calls
        .iter()
        .rposition(is_input)
        .expect("an address is read");
    calls[read + 1..].to_vec()
}

#[test]
#[ignore = "long; make torture runs it"]
fn made_by_a_login() {
    if is_strace_missing() {
        return;
    }
    let desk = Desk::new();
    let reference = desk.log_in();
    let calls = calls_behind_address(&reference.trace);
    let points: Vec<_> = calls.iter().flat_map(Point::at).collect();
    let results = try_all(&points, try_point);
    let tried = results.iter().filter(|it| **it != Ok(false)).count();
    let failures: Vec<_> = points
        .iter()
        .zip(&results)
        .filter_map(|(point, result)| Some(format!("{point}\n{}", result.as_ref().err()?)))
        .collect();
    let survived = tried - failures.len();
    say(&format!(
        "made by a login: {tried} points tried, {survived} survived"
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
