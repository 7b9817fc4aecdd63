//! What each reply means: every status and every error code, and what else servers have to say.
//!
//! A row is a reply and what it has to come to. Every run may try once more, and every reply asks
//! for that at once (`Retry-After: 0`): the number of requests shows, without a pause, whether a
//! reply was taken for one after which the token may be sent again.

use crate::endpoint::{Ending, Endpoint, Reply};
use crate::kit::{DOCUMENT, FILE, Failure, TOKEN, assert_refreshed, host, refresh};
use crate::rights::{files_in, with_tmp};

/// Stands for the endpoint's host in the rows.
pub(crate) const HOST: &str = "HOST";

/// A reply and what has to become of it.
type Row = (Reply, Failure);

/// The rows' replies end the run after one request.
#[track_caller]
fn check_final(rows: impl IntoIterator<Item = Row>) {
    rows.into_iter().for_each(|row| check(row, 1));
}

/// The rows' replies are asked for once more.
#[track_caller]
fn check_tried_again(rows: impl IntoIterator<Item = Row>) {
    rows.into_iter().for_each(|row| check(row, 2));
}

/// Runs the row against an endpoint of its own.
#[track_caller]
fn check((reply, expected): Row, requests: usize) {
    let endpoint = Endpoint::http(reply.header("Retry-After", "0"));
    let case = with_tmp(refresh(&endpoint)).args(["--retries", "1"]);
    let stderr = expected.stderr.replace(HOST, &host(&endpoint));
    let outcome = Failure { stderr, ..expected }
        .of(case.run())
        .file_is(FILE, DOCUMENT)
        .files_are([FILE, "tmp"]);
    assert_eq!(files_in(&outcome.path("tmp")).len(), 0, "kept\n{outcome}");
    assert_eq!(endpoint.requests().len(), requests, "{outcome}");
}

/// An OAuth error with a description.
pub(crate) fn said(status: u16, code: &str, description: &str) -> Reply {
    Reply::error(status, code, description)
}

/// An OAuth error without one.
pub(crate) fn code(status: u16, code: &str) -> Reply {
    Reply::json(status, format!(r#"{{"error":"{code}"}}"#))
}

/// A reply of that status with anything as its body.
pub(crate) fn body(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::status(status).body(body)
}

/// A token in a body of that length.
fn padded(length: usize) -> String {
    format!("{}{TOKEN}", " ".repeat(length - TOKEN.len()))
}

/// The server wants to be asked later; it says when.
fn busy(said: &str) -> Failure {
    Failure::busy(HOST, &format!("{said}; it asks to wait 0s"))
}

/// The server wants to be left alone.
fn limited(said: &str) -> Failure {
    let hint = "wait an hour; each further try counts as a login";
    Failure::refresh(75, &format!("{HOST} limits the logins: {said}"), hint)
}

/// What to do about a refresh token that was refused.
pub(crate) const LOG_IN: &str = "log in again; the token is expired, revoked, or was used up by another copy \
                      of it or by a run that was killed, or its user is barred";

/// The refresh token was refused.
pub(crate) fn refused(said: &str) -> Failure {
    let message = format!("{HOST} refused the refresh token: {said}");
    Failure::refresh(77, &message, LOG_IN)
}

/// The refresh token was refused, and may be good.
fn refused_but(said: &str, hint: &str) -> Failure {
    Failure::refresh(
        77,
        &format!("{HOST} refused the refresh token: {said}"),
        hint,
    )
}

/// What to do about a client that was refused.
pub(crate) const CHECK: &str = "check the client id, the client secret and the policies of the app";

/// The client was refused.
fn client(said: &str) -> Failure {
    Failure::refresh(78, &format!("{HOST} refused the client: {said}"), CHECK)
}

/// The client was refused in a way that makes the host the first suspect.
fn client_or_host(said: &str) -> Failure {
    let hint = format!("check the host: the My Domain of the org is the right one; then {CHECK}");
    Failure::refresh(78, &format!("{HOST} refused the client: {said}"), &hint)
}

/// The reply carries no OAuth answer.
pub(crate) fn unusable(status: u16, shape: &str) -> Failure {
    let hint = "check the token endpoint, and whether a proxy or a login page answers in its place";
    let message = format!("unusable reply from {HOST}: status {status} with {shape}");
    Failure::refresh(76, &message, hint)
}

/// The reply carries no OAuth answer, but words.
pub(crate) fn in_words(status: u16, words: &str) -> Failure {
    let hint = "check the token endpoint, and whether a proxy or a login page answers in its place";
    let message = format!("unusable reply from {HOST}: status {status}: {words}");
    Failure::refresh(76, &message, hint)
}

/// The reply is a success without a usable token.
pub(crate) fn no_token(what: &str) -> Failure {
    let message = format!("unusable reply from {HOST}: {what}");
    Failure::refresh(76, &message, "check the token endpoint")
}

/// The reply cannot be read as HTTP: the server may have used the token.
fn no_http(why: &str) -> Failure {
    Failure::no_reply(HOST, why)
}

#[test]
fn codes_that_mean_later_are_tried_again_whatever_the_status() {
    let processed = "token request is already being processed";
    let expired = "expired authorization code";
    check_tried_again([
        (
            said(400, "unknown_error", "retry your request"),
            busy("unknown_error: retry your request"),
        ),
        (
            said(200, "Unknown_Error", "Please Retry Your Request."),
            busy("Unknown_Error: Please Retry Your Request."),
        ),
        (
            said(400, "invalid_grant", processed),
            busy(&format!("invalid_grant: {processed}")),
        ),
        (
            said(400, "INVALID_GRANT", "Expired Authorization Code"),
            busy("INVALID_GRANT: Expired Authorization Code"),
        ),
        (
            said(500, "invalid_grant", expired),
            busy(&format!("invalid_grant: {expired}")),
        ),
        (code(400, "server_error"), busy("server_error")),
        (
            said(200, "temporarily_unavailable", "soon"),
            busy("temporarily_unavailable: soon"),
        ),
        (
            code(401, "service_unavailable"),
            busy("service_unavailable"),
        ),
        (code(302, "System_Down"), busy("System_Down")),
        (said(429, "slow_down", "please"), busy("slow_down: please")),
    ]);
}

#[test]
fn other_codes_count_by_their_status() {
    check_tried_again([
        (code(503, "strange"), busy("strange")),
        (code(429, "too_many_requests"), busy("too_many_requests")),
        (code(420, "strange"), busy("strange")),
        (code(406, "strange"), busy("strange")),
        (code(408, "strange"), busy("strange")),
        (
            said(500, "unknown_error", "no idea"),
            busy("unknown_error: no idea"),
        ),
    ]);
    check_final([
        (
            said(400, "unknown_error", "no idea"),
            client("unknown_error: no idea"),
        ),
        (code(400, "unknown_error"), client("unknown_error")),
        (code(403, "Strange"), client("Strange")),
        (code(404, "strange"), client("strange")),
        (
            code(600, "strange"),
            unusable(600, "JSON that is no token reply"),
        ),
        (code(200, "strange"), no_token("strange")),
        (said(200, "strange", "why"), no_token("strange: why")),
    ]);
}

#[test]
fn login_limits_are_not_tried_again() {
    check_final([
        (
            code(403, "rate_limit_exceeded"),
            limited("rate_limit_exceeded"),
        ),
        (
            said(503, "Rate_Limit_Exceeded", "wait one hour"),
            limited("Rate_Limit_Exceeded: wait one hour"),
        ),
        (
            said(200, "login_rate_exceeded", "too many"),
            limited("login_rate_exceeded: too many"),
        ),
    ]);
}

#[test]
fn refused_grants_mean_log_in_again_whatever_the_status() {
    let expired = "expired access/refresh token";
    check_final([
        (
            said(400, "invalid_grant", expired),
            refused(&format!("invalid_grant: {expired}")),
        ),
        (code(400, "invalid_grant"), refused("invalid_grant")),
        (code(200, "Invalid_Grant"), refused("Invalid_Grant")),
        (code(302, "invalid_grant"), refused("invalid_grant")),
        (code(503, "invalid_grant"), refused("invalid_grant")),
        (code(401, "ACCESS_DENIED"), refused("ACCESS_DENIED")),
        (code(401, "invalid_token"), refused("invalid_token")),
        (code(500, "login_error"), refused("login_error")),
    ]);
}

#[test]
fn a_user_an_address_or_an_org_that_is_barred_needs_no_new_login() {
    let barred = |said: &str| {
        let hint = "an administrator has to admit the user, the IP address or the org; \
                    a new login does not help";
        refused_but(said, hint)
    };
    let words = ["ip restricted", "Inactive User", "inactive organization"];
    check_final(words.map(|words| {
        let shown = format!("invalid_grant: {words}");
        (said(400, "invalid_grant", words), barred(&shown))
    }));
    check_final([
        (
            said(403, "inactive_user", "user is inactive"),
            barred("inactive_user: user is inactive"),
        ),
        (code(400, "Inactive_Org"), barred("Inactive_Org")),
    ]);
}

#[test]
fn a_user_who_is_not_let_in_at_this_hour_may_wait_for_another() {
    let hint = "an administrator has to admit the user, the IP address or the org, \
                or wait for the login hours; a new login does not help";
    let words = [
        "IP restricted or invalid login hours",
        "invalid login hours",
    ];
    check_final(words.map(|words| {
        let shown = format!("invalid_grant: {words}");
        let reply = said(400, "invalid_grant", words);
        (reply, refused_but(&shown, hint))
    }));
}

#[test]
fn a_grant_that_was_sent_too_often_may_be_good_in_an_hour() {
    let shown = "invalid_grant: Login Rate Exceeded";
    let hint = "wait an hour; each further try counts as a login";
    let reply = said(400, "invalid_grant", "Login Rate Exceeded");
    check_final([(reply, refused_but(shown, hint))]);
}

#[test]
fn refused_clients_mean_fix_the_app_whatever_the_status() {
    let codes = [
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "invalid_app_access",
        "app_blocked",
        "OAuth_Flow_Disabled",
    ];
    check_final(codes.map(|it| (code(400, it), client(it))));
    let codes = [
        "invalid_client_id",
        "Unsupported_Grant_Type",
        "app_not_found",
    ];
    check_final(codes.map(|it| (code(400, it), client_or_host(it))));
    check_final([
        (
            said(200, "Invalid_Client", "invalid client credentials"),
            client("Invalid_Client: invalid client credentials"),
        ),
        (code(302, "app_blocked"), client("app_blocked")),
        (
            said(503, "invalid_client_id", "client identifier invalid"),
            client_or_host("invalid_client_id: client identifier invalid"),
        ),
    ]);
}

#[test]
fn statuses_that_mean_later_are_tried_again_whatever_the_body() {
    let statuses = [406, 408, 420, 429, 500, 501, 503, 505, 599];
    check_tried_again(statuses.map(|it| (Reply::status(it), busy(&format!("status {it}")))));
    let bodies: [Vec<u8>; 6] = [
        b"<html>maintenance</html>".into(),
        b"{}".into(),
        b"[1,2]".into(),
        TOKEN.into(),
        b"Wartung f\xfcr Gro\xdfe".into(),
        vec![b'x'; 2 << 20],
    ];
    check_tried_again(bodies.map(|it| (body(503, it), busy("status 503"))));
    check_tried_again([(body(429, vec![0xff; 2 << 20]), busy("status 429"))]);
}

#[test]
fn gateways_that_gave_up_may_have_passed_the_request_on() {
    let bodies = ["", "<html>Gateway", "{}", TOKEN, r#"{"error":"strange"}"#];
    for status in [502, 504] {
        let gave_up =
            || Failure::no_reply(HOST, &format!("the gateway gave up with status {status}"));
        check_final(bodies.map(|it| (body(status, it), gave_up())));
        let cut = body(status, "<html>").cut(2, Ending::Close);
        check_final([(cut, gave_up())]);
    }
    check_tried_again([(code(504, "server_error"), busy("server_error"))]);
    check_final([(code(502, "invalid_grant"), refused("invalid_grant"))]);
}

#[test]
fn other_statuses_mean_that_no_token_endpoint_answers() {
    check_final([
        (Reply::status(400), unusable(400, "an empty body")),
        (Reply::status(401), unusable(401, "an empty body")),
        (
            body(403, "<!DOCTYPE html><p>Denied"),
            unusable(403, "HTML or XML"),
        ),
        (
            body(404, "{}"),
            unusable(404, "JSON that is no token reply"),
        ),
        (
            body(400, TOKEN),
            unusable(400, "JSON that is no token reply"),
        ),
        (
            body(403, "{ \"error\": "),
            unusable(
                403,
                "broken JSON: EOF while parsing a value at line 1 column 10",
            ),
        ),
        (
            body(403, "[1]"),
            unusable(403, "JSON that is not an object"),
        ),
        (body(403, "\0"), unusable(403, "something that is no text")),
        (code(400, ""), unusable(400, "JSON that is no token reply")),
        (
            body(403, "x").header("Content-Encoding", "br"),
            unusable(403, "a body in the encoding br, which was not asked for"),
        ),
        (Reply::status(101), unusable(101, "an empty body")),
        (Reply::status(204), unusable(204, "an empty body")),
        (
            body(600, TOKEN),
            unusable(600, "JSON that is no token reply"),
        ),
    ]);
}

#[test]
fn successes_without_a_usable_token_are_no_success() {
    let unsendable = "an access token with characters that cannot be sent";
    let rows = [
        (r#"{"token_type":"Bearer"}"#, "no access token"),
        (r#"{"access_token":null}"#, "no access token"),
        (r#"{"access_token":""}"#, "no access token"),
        (r#"{"access_token":17}"#, "no access token"),
        (r#"{"access_token":"00D!a\r\nX-Evil: 1"}"#, unsendable),
        (r#"{"access_token":"00D a"}"#, unsendable),
        (r#"{"access_token":"00D\u0000a"}"#, unsendable),
        (r#"{"access_token":"00Dä"}"#, unsendable),
    ];
    check_final(rows.map(|(json, what)| (Reply::json(200, json), no_token(what))));
    let error_of_another_type = [
        r#"{"access_token":"00D!access-1","error":1}"#,
        r#"{"access_token":"00D!access-1","error":true}"#,
        r#"{"access_token":"00D!access-1","error":{}}"#,
    ];
    let shape = "JSON that is no token reply";
    check_final(error_of_another_type.map(|it| (Reply::json(200, it), unusable(200, shape))));
    let both = r#"{"access_token":"00D!access-1","error":"strange"}"#;
    check_final([(Reply::json(200, both), no_token("strange"))]);
}

#[test]
fn bodies_that_hold_no_token_are_no_success() {
    let no_object = || unusable(200, "JSON that is not an object");
    let too_large = || unusable(200, "more than 1 MiB");
    check_final([
        (body(200, ""), unusable(200, "an empty body")),
        (body(200, " \r\n"), unusable(200, "an empty body")),
        (body(200, "\u{feff}"), unusable(200, "an empty body")),
        (
            body(200, "").header("Content-Encoding", "gzip"),
            unusable(200, "an empty body"),
        ),
        (body(200, "<html>"), unusable(200, "HTML or XML")),
        (
            body(200, "\r\n<?xml version='1.0'?><OAuth/>"),
            unusable(200, "HTML or XML"),
        ),
        (
            body(200, &b"<html>Anmeldung f\xfcr"[..]),
            unusable(200, "HTML or XML"),
        ),
        (body(200, "Please log in"), unusable(200, "text")),
        (body(200, "[]"), no_object()),
        (body(200, r#"[{"scope":"id"}]"#), no_object()),
        (body(200, "null"), no_object()),
        (body(200, "17"), no_object()),
        (body(200, r#""""#), no_object()),
        (
            body(200, r#"[{"errorCode":"X","message":"why"}]"#),
            in_words(200, "X: why"),
        ),
        (body(200, padded((1 << 20) + 32)), too_large()),
        (body(200, padded(2 << 20)).chunked(), too_large()),
        (body(200, "x".repeat(2 << 20)).until_close(), too_large()),
    ]);
}

#[test]
fn replies_that_are_cut_short_are_no_replies() {
    let closed = || Failure::no_reply(HOST, "the connection was closed");
    let reset = || Failure::no_reply(HOST, "connection reset by peer");
    check_final([
        (Reply::nothing(Ending::Close), closed()),
        (Reply::nothing(Ending::Reset), reset()),
        (Reply::raw("HTTP/1.1 200 OK\r\nContent-Le"), closed()),
        (
            body(200, "").claiming_length(9).then(Ending::Close),
            closed(),
        ),
        (body(200, TOKEN).cut(0, Ending::Close), closed()),
        (body(200, TOKEN).chunked().cut(3, Ending::Close), closed()),
        (
            body(400, "").claiming_length(9).then(Ending::Close),
            closed(),
        ),
        (body(400, TOKEN).cut(9, Ending::Close), closed()),
    ]);
    let busy_page = body(503, "<html>").cut(2, Ending::Close);
    check_tried_again([(busy_page, busy("status 503"))]);
}

#[test]
fn bytes_that_are_no_http_are_no_reply_of_a_token_endpoint() {
    let version = "its head cannot be read: invalid HTTP version";
    let status = "its head cannot be read: invalid response status";
    let name = "its head cannot be read: invalid header name";
    let lengths = "conflicting content-length headers";
    let length = "content-length header not a number";
    let too_big = "the head of its reply is larger than 64 KiB";
    let head = |head: &str| Reply::raw(format!("{head}\r\n\r\n{TOKEN}"));
    let long = "x".repeat(1 << 20);
    check_final([
        (Reply::raw("SSH-2.0-OpenSSH_9.9\r\n"), no_http(version)),
        (Reply::raw("\x15\x03\x03\0\x02\x02\x46"), no_http(version)),
        (Reply::raw(b"\0\xff\xfe\x80\r\n\r\n"), no_http(version)),
        (head("HTTP/9.9 200 OK"), no_http(version)),
        (head("HTTP/1.1 abc OK"), no_http(status)),
        (
            head("HTTP/1.1 000 No"),
            no_http("its head cannot be read: invalid status code: 000"),
        ),
        (Reply::raw(format!("{TOKEN}\r\n\r\n")), no_http(version)),
        (
            body(200, TOKEN).headers(2000),
            no_http("its head has more than 128 lines"),
        ),
        (
            body(200, TOKEN).headers(127),
            no_http("its head has more than 128 lines"),
        ),
        (head("HTTP/1.1 200 OK\r\nX-A: 1\r\n 2"), no_http(name)),
        (body(200, TOKEN).header("X-Long", &long), no_http(too_big)),
        (
            body(200, TOKEN).header("Content-Length", "5"),
            no_http(lengths),
        ),
        (
            head("HTTP/1.1 200 OK\r\nContent-Length: x"),
            no_http(length),
        ),
    ]);
}

#[test]
fn a_transfer_that_cannot_be_decoded_is_no_reply() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let why = "chunk length cannot be read as a number";
    check_final([(
        Reply::raw(format!("{head}zz\r\n{TOKEN}\r\n")),
        Failure::no_reply(HOST, why),
    )]);
}

#[test]
fn a_length_of_nothing_is_an_empty_body() {
    let empty = unusable(200, "an empty body");
    check_final([(body(200, TOKEN).claiming_length(0), empty)]);
}

#[test]
fn tokens_are_taken_however_they_are_delivered() {
    let html = body(200, TOKEN).header("Content-Type", "text/html");
    let replies = [
        body(200, TOKEN),
        body(201, TOKEN),
        body(206, TOKEN),
        body(299, TOKEN),
        html,
        body(200, format!("\u{feff}{TOKEN}")),
        body(200, format!("\r\n {TOKEN} \r\n")),
        body(
            200,
            r#"{"access_token":"first","access_token":"00D!access-1"}"#,
        ),
        body(
            200,
            r#"{"access_token":"00D!access-1","refresh_token":null}"#,
        ),
        body(200, r#"{"access_token":"00D!access-1","refresh_token":""}"#),
        body(200, TOKEN).http10(),
        body(200, TOKEN).chunked(),
        body(200, TOKEN).until_close(),
        body(200, TOKEN).interim(100),
        body(200, TOKEN).interim(103),
        body(200, TOKEN).interim(199),
        body(200, TOKEN).header("Content-Encoding", "gzip"),
        body(200, TOKEN).chunked().header("Content-Length", "5"),
        Reply::raw(format!("HTTP/1.1 200\n\n{TOKEN}")),
        body(200, TOKEN).headers(126),
        body(200, TOKEN).header("X-Long", &"x".repeat(65_000)),
        body(200, padded(1 << 20)),
    ];
    for reply in replies {
        assert_taken(&Endpoint::http(reply));
    }
}

#[test]
fn whole_tokens_are_taken_though_the_transfer_is_cut_short() {
    let replies = [
        body(200, TOKEN).claiming_length(999).then(Ending::Close),
        body(200, TOKEN).claiming_length(999).then(Ending::Reset),
        body(200, TOKEN).claiming_length(999).then(Ending::HangUp),
        body(200, TOKEN)
            .chunked()
            .cut(TOKEN.len() + 11, Ending::Close),
        body(200, TOKEN).until_close().then(Ending::HangUp),
    ];
    for reply in replies {
        assert_taken(&Endpoint::https(reply));
    }
}

/// The token in the endpoint's reply is saved, by one request.
#[track_caller]
fn assert_taken(endpoint: &Endpoint) {
    assert_refreshed(refresh(endpoint).run(), &host(endpoint));
    endpoint.only_request();
}

#[test]
fn an_error_that_says_that_there_is_none_counts_as_absent_and_is_not_kept() {
    for error in ["null", "false", "\"\""] {
        let json = format!(r#"{{"access_token":"00D!access-1","error":{error}}}"#);
        assert_taken(&Endpoint::http(body(200, json)));
    }
}
