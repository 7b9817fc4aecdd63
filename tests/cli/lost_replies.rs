//! Replies of the success class that are of no use, and may hold the only copy of a refresh token.
//!
//! What can be read of them is saved, and all of them is kept as it came, in a private file that the
//! message names. Each row is tried with a file and with standard input.

use crate::endpoint::{Ending, Endpoint, Reply};
use crate::harness::Case;
use crate::kept_reply::{
    ACCESS, ROTATED, check, document, good, kept_in, look_into, saved, sent, stderr, unread,
};
use crate::kit::{
    DOCUMENT, FILE, Failure, REFRESHED, TOKEN, host, refresh, refresh_file, refresh_stdin,
};
use crate::replies::{HOST, body, in_words, no_token, refused, unusable};
use crate::rights::{files_in, with_mounts, with_tmp};

#[test]
fn bodies_in_another_encoding_are_kept() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xabVJLNN-.\x89/\xc9\xcfN\xcdS";
    let utf16: Vec<u8> = good().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_be: Vec<u8> = good().encode_utf16().flat_map(u16::to_be_bytes).collect();
    let no_text = || unusable(200, "something that is no text");
    let encoded = |name| {
        let shape = format!("a body in the encoding {name}, which was not asked for");
        unusable(200, &shape)
    };
    let labelled = |name, bytes: &[u8]| {
        let reply = body(200, bytes).header("Content-Encoding", name);
        sent(reply, unread(bytes, encoded(name)))
    };
    check([
        labelled("gzip", gzip),
        labelled("br", b"looks like text"),
        unread(&gzip[..], no_text()),
        unread([&b"\xff\xfe"[..], &utf16].concat(), no_text()),
        unread(utf16_be, no_text()),
    ]);
}

#[test]
fn other_json_and_text_around_it_is_kept_and_read_where_that_is_possible() {
    let good = good();
    let no_object = || unusable(200, "JSON that is not an object");
    let trailing = |column: usize| {
        unusable(
            200,
            &format!("broken JSON: trailing characters at line 1 column {column}"),
        )
    };
    let behind = good.len() + 1;
    check([
        saved(format!("[{good}]"), no_object()),
        saved(format!("{good}{good}"), trailing(behind)),
        saved(format!("{good}<!-- 12 ms -->"), trailing(behind)),
        unread(format!("{{\"error\":\"x\"}}{good}"), trailing(14)),
        unread(format!("[[{good}]]"), no_object()),
        unread(format!("[{{}},{good}]"), no_object()),
        unread(format!("callback({good});"), unusable(200, "text")),
        unread(format!("<pre>{good}</pre>"), unusable(200, "HTML or XML")),
        unread(format!("\"{ROTATED}\""), no_object()),
        unread(
            format!("access_token={ACCESS}&refresh_token={ROTATED}"),
            unusable(200, "text"),
        ),
        unread(
            format!("<OAuth><Refresh_Token>{ROTATED}</Refresh_Token></OAuth>"),
            unusable(200, "HTML or XML"),
        ),
    ]);
}

#[test]
fn replies_that_break_off_are_kept() {
    let good = good();
    let closed = || Failure::no_reply(HOST, "the connection was closed");
    let half = &good[..good.find(ROTATED).unwrap() + 9];
    let cut = |reply: Reply| sent(reply, unread(half, closed()));
    let most = &good[..good.find("Zm9v").unwrap()];
    let almost = &good[..good.len() - 1];
    check([
        cut(body(200, &good[..]).cut(half.len(), Ending::Close)),
        cut(body(200, half).claiming_length(999).then(Ending::Close)),
        cut(body(200, half).claiming_length(999).then(Ending::HangUp)),
        sent(
            body(200, &good[..]).cut(most.len(), Ending::Close),
            saved(most, closed()),
        ),
        sent(
            body(200, &good[..]).cut(almost.len(), Ending::HangUp),
            saved(almost, closed()),
        ),
        sent(
            body(200, &good[..]).claiming_length(half.len()),
            unread(
                half,
                unusable(
                    200,
                    &format!(
                        "broken JSON: EOF while parsing a string at line 1 column {}",
                        half.len()
                    ),
                ),
            ),
        ),
    ]);
}

#[test]
fn a_reply_that_stops_is_kept_at_the_deadline() {
    let good = good();
    let half = &good[..good.find("Zm9v").unwrap()];
    let endpoint = Endpoint::http(body(200, &good[..]).cut(half.len(), Ending::Stall));
    let case = with_tmp(refresh(&endpoint)).args(["--timeout", "1s"]);
    let outcome = case.run();
    let path = kept_in(&outcome, half.as_bytes());
    let became = format!(
        "; its new refresh token was saved; the reply is kept in {}",
        path.display()
    );
    let failure = Failure::no_reply(HOST, "timed out");
    outcome
        .code(69)
        .stderr(stderr(&endpoint, &failure, &became, None))
        .file_is(FILE, document(true));
}

#[test]
fn replies_that_are_too_large_are_kept_as_far_as_they_are_read() {
    let large = good().replace("Zm9v", &"Zm9v".repeat(1 << 19));
    let kept = &large.as_bytes()[..=1 << 20];
    let row = || saved(kept, unusable(200, "more than 1 MiB"));
    check([
        sent(body(200, &large[..]), row()),
        sent(body(200, &large[..]).until_close(), row()),
    ]);
}

#[test]
fn tokens_beside_an_error_are_saved() {
    let with = |error: &str| good().replace('{', &format!(r#"{{"error":{error},"#));
    let odd = || unusable(200, "JSON that is no token reply");
    let busy = Failure::busy(HOST, "server_error");
    check([
        saved(with("\"x\""), no_token("x")),
        saved(with("\"server_error\""), busy),
        saved(with("\"invalid_grant\""), refused("invalid_grant")),
        saved(with("1"), odd()),
        saved(with("true"), odd()),
        saved(with("{\"code\":\"x\"}"), odd()),
        unread(
            format!(
                r#"{{"error":"x","error_description":"it is {ROTATED}","data":{{"refresh_token":"{ROTATED}"}}}}"#
            ),
            no_token("x: it is [REDACTED]"),
        ),
        unread(
            format!(r#"[{{"errorCode":"X","message":"has {ROTATED}","token":"{ROTATED}"}}]"#),
            in_words(200, "X: has [REDACTED]"),
        ),
    ]);
}

#[test]
fn a_new_refresh_token_is_saved_though_the_access_token_is_of_no_use() {
    let unsendable = "an access token with characters that cannot be sent";
    let latin1 = good().into_bytes();
    let at = good().find("AQEAQ").unwrap();
    let latin1 = [&latin1[..at], b"\xfc", &latin1[at..]].concat();
    check([
        saved(
            format!(r#"{{"refresh_token":"{ROTATED}"}}"#),
            no_token("no access token"),
        ),
        saved(
            format!(r#"{{"access_token":["x"],"refresh_token":"{ROTATED}"}}"#),
            no_token("no access token"),
        ),
        saved(
            format!(r#"{{"access_token":"a b","refresh_token":"{ROTATED}"}}"#),
            no_token(unsendable),
        ),
        saved(latin1, no_token(unsendable)),
    ]);
}

#[test]
fn a_refresh_token_that_cannot_be_sent_is_kept() {
    let with = |value: &str| good().replace(&format!("\"{ROTATED}\""), value);
    let unsendable = || no_token("a refresh token with characters that cannot be sent");
    let no_string = || no_token("a refresh token that is not a string");
    let at = good().find("KIwKd").unwrap();
    let latin1 = [&good().as_bytes()[..at], b"\xfc", &good().as_bytes()[at..]].concat();
    check([
        unread(latin1, unsendable()),
        unread(with("\"5Aep\\u0000861\""), unsendable()),
        unread(with("\"5Aep\\u200b861\""), unsendable()),
        unread(with("\"5Aep\\u00ad861\""), unsendable()),
        unread(with("\" \""), unsendable()),
        unread(with(&format!("[\"{ROTATED}\"]")), no_string()),
        unread(with(&format!("{{\"token\":\"{ROTATED}\"}}")), no_string()),
        unread(with("17"), no_string()),
        unread(with("true"), no_string()),
    ]);
}

#[test]
fn tokens_under_other_names_are_kept() {
    let renamed = |name: &str| {
        let json = good().replace("\"refresh_token\"", &format!("\"{name}\""));
        unread(json.replace(ACCESS, ""), no_token("no access token"))
    };
    check(["refreshToken", "REFRESH_TOKEN", "token", ""].map(renamed));
}

#[test]
fn of_two_refresh_tokens_the_last_is_saved_and_all_is_kept() {
    let twice = [
        (
            r#""refresh_token":"5Aep-first","refresh_token":"5Aep-1""#,
            "5Aep-1",
        ),
        (
            r#""refresh_token":"5Aep-first","refresh\u005ftoken" : "5Aep-1""#,
            "5Aep-1",
        ),
        (
            r#""refresh_token":"5Aep-first","refresh_token":null"#,
            "5Aep-0",
        ),
    ];
    for (members, last) in twice {
        let json = format!(r#"{{"access_token":"00D!access-0",{members}}}"#);
        let endpoint = Endpoint::http(Reply::json(200, &json[..]));
        let outcome = with_tmp(refresh(&endpoint)).arg("--quiet").run();
        let path = kept_in(&outcome, json.as_bytes());
        let warning = "sftoken: warning: the reply names a member twice; the last one counts, all of it is in";
        outcome
            .code(0)
            .stderr(format!("{warning} {}\n", path.display()))
            .stdout("")
            .file_is(FILE, DOCUMENT.replace("5Aep-0", last))
            .files_are([FILE, "tmp"]);
    }
}

#[test]
fn a_byte_that_is_no_text_spoils_only_the_member_that_it_is_in() {
    let json = [
        &TOKEN.as_bytes()[..TOKEN.len() - 1],
        b",\"signature\":\"f\xfcr\"}",
    ]
    .concat();
    let endpoint = Endpoint::http(Reply::json(200, json));
    let added = "\"client_id\": \"id\",\n  \"signature\": \"f\u{fffd}r\"";
    let expected = REFRESHED.replace("\"client_id\": \"id\"", added);
    let outcome = with_tmp(refresh(&endpoint))
        .run()
        .code(0)
        .file_is(FILE, expected);
    assert_eq!(files_in(&outcome.path("tmp")).len(), 0, "{outcome}");
}

#[test]
fn a_new_refresh_token_that_does_not_fit_into_the_document_is_not_called_saved() {
    let frame = |filler: &str| {
        format!("{{\n  \"refresh_token\": \"5Aep-0\",\n  \"filler\": \"{filler}\"\n}}\n")
    };
    let full = frame(&"x".repeat((1 << 20) - frame("").len()));
    let reply = format!(r#"{{"refresh_token":"{ROTATED}"}}"#);
    let endpoint = Endpoint::http(body(200, &reply[..]));
    let outcome = with_tmp(refresh_file(&full, &endpoint)).run();
    let path = kept_in(&outcome, reply.as_bytes());
    let became = format!("; the reply is kept in {}", path.display());
    let failure = no_token("no access token");
    let expected = stderr(&endpoint, &failure, &became, Some(&look_into(&path)));
    outcome.code(76).stderr(expected).file_is(FILE, full);
}

/// The call in a root where no temporary file can be made.
fn without_tmp(case: Case) -> Option<Case> {
    let case = case.subdirectory("closed").env("TMPDIR", "closed");
    with_mounts(case, "mount -t tmpfs -o ro tmpfs closed; \"$@\"")
}

#[test]
fn a_reply_that_cannot_be_kept_is_the_failure() {
    let reply = format!("access_token={ACCESS}&refresh_token={ROTATED}");
    let endpoint = Endpoint::http(body(200, reply));
    let cases = [
        (refresh(&endpoint), FILE),
        (refresh_stdin(DOCUMENT, &endpoint), "standard input"),
    ];
    for (case, name) in cases {
        let Some(case) = without_tmp(case) else {
            return;
        };
        let host = host(&endpoint);
        let message = format!(
            "cannot refresh {name}: unusable reply from {host}: status 200 with text; the reply cannot be kept: read-only file system"
        );
        let hint = "it may have held a new refresh token; if the next run is refused, log in again";
        Failure::new(74, &message, hint).of(case.run());
    }
}

#[test]
fn a_new_token_of_a_document_that_nobody_has_is_lost_where_it_cannot_be_kept() {
    let endpoint = Endpoint::http(Reply::json(
        200,
        format!(r#"{{"refresh_token":"{ROTATED}"}}"#),
    ));
    let Some(case) = without_tmp(refresh_stdin(DOCUMENT, &endpoint)) else {
        return;
    };
    let host = host(&endpoint);
    let message = format!(
        "cannot refresh standard input: unusable reply from {host}: no access token; the new tokens are lost"
    );
    Failure::new(74, &message, "log in again").of(case.run());
    let Some(case) = without_tmp(refresh(&endpoint)) else {
        return;
    };
    let message =
        format!("unusable reply from {host}: no access token; its new refresh token was saved");
    let outcome = case.run();
    Failure::refresh(76, &message, "check the token endpoint")
        .of(outcome)
        .file_is(FILE, document(true));
}
