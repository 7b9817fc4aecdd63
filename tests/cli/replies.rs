//! What each reply means: every status and every error code, and what else servers have to say.
//!
//! A row is a reply and what it has to come to. Every run may try once more, and every reply asks
//! for that at once (`Retry-After: 0`): the number of requests shows, without a pause, whether a
//! reply was taken for one after which the token may be sent again.

use crate::endpoint::{Ending, Endpoint, Reply};
use crate::kit::{DOCUMENT, FILE, Failure, TOKEN, assert_refreshed, host, refresh};

/// Stands for the endpoint's host in the rows.
const HOST: &str = "HOST";

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
    let outcome = refresh(&endpoint).args(["--retries", "1"]).run();
    let stderr = expected.stderr.replace(HOST, &host(&endpoint));
    let outcome = Failure { stderr, ..expected }.check(outcome);
    assert_eq!(endpoint.requests().len(), requests, "{outcome}");
}

/// An OAuth error with a description.
fn said(status: u16, code: &str, description: &str) -> Reply {
    Reply::error(status, code, description)
}

/// An OAuth error without one.
fn code(status: u16, code: &str) -> Reply {
    Reply::json(status, format!(r#"{{"error":"{code}"}}"#))
}

/// A reply of that status with anything as its body.
fn body(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::status(status).body(body)
}

/// A token in a body of that length.
fn padded(length: usize) -> String {
    format!("{TOKEN}{}", " ".repeat(length - TOKEN.len()))
}

/// A success behind that many headers.
fn many_headers(count: usize) -> Reply {
    (0..count).fold(body(200, TOKEN), |reply, number| {
        reply.header(&format!("X-{number}"), "1")
    })
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

/// The refresh token was refused.
fn refused(said: &str) -> Failure {
    let hint = "log in again; the token is expired or revoked, or its user or IP address is barred";
    let message = format!("{HOST} refused the refresh token: {said}");
    Failure::refresh(77, &message, hint)
}

/// The client was refused.
fn client(said: &str) -> Failure {
    let hint = "check the client id, the client secret and the policies of the connected app";
    Failure::refresh(78, &format!("{HOST} refused the client: {said}"), hint)
}

/// The reply carries no OAuth answer.
fn unusable(status: u16, shape: &str) -> Failure {
    let hint = "check the token endpoint, and whether a proxy or a login page answers in its place";
    let message = format!("unusable reply from {HOST}: status {status} with {shape}");
    Failure::refresh(76, &message, hint)
}

/// The reply is a success without a usable token.
fn no_token(what: &str) -> Failure {
    let message = format!("unusable reply from {HOST}: {what}");
    Failure::refresh(76, &message, "check the token endpoint")
}

/// The reply is not HTTP.
fn no_http(why: &str) -> Failure {
    let hint = "check the host and the port of the token endpoint";
    Failure::refresh(76, &format!("{HOST} does not speak HTTP: {why}"), hint)
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
        (code(429, "strange"), client("strange")),
        (code(400, ""), client("an error without a code")),
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
        (
            said(403, "inactive_user", "user is inactive"),
            refused("inactive_user: user is inactive"),
        ),
        (code(400, "inactive_org"), refused("inactive_org")),
        (code(401, "ACCESS_DENIED"), refused("ACCESS_DENIED")),
        (code(401, "invalid_token"), refused("invalid_token")),
        (code(500, "login_error"), refused("login_error")),
    ]);
}

#[test]
fn refused_clients_mean_fix_the_app_whatever_the_status() {
    let codes = [
        "invalid_client",
        "invalid_client_id",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_request",
        "invalid_scope",
        "invalid_app_access",
        "app_blocked",
        "app_not_found",
        "OAuth_Flow_Disabled",
    ];
    check_final(codes.map(|it| (code(400, it), client(it))));
    check_final([
        (
            said(200, "Invalid_Client", "invalid client credentials"),
            client("Invalid_Client: invalid client credentials"),
        ),
        (code(302, "app_blocked"), client("app_blocked")),
        (
            said(503, "invalid_client_id", "client identifier invalid"),
            client("invalid_client_id: client identifier invalid"),
        ),
    ]);
}

#[test]
fn statuses_that_mean_later_are_tried_again_whatever_the_body() {
    let statuses = [406, 408, 420, 429, 500, 501, 502, 503, 504, 599];
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
            body(418, "I'm a teapot"),
            unusable(418, "broken JSON: expected value at line 1 column 1"),
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
        (r#"{"access_token":["00D!access-1"]}"#, "no access token"),
        (r#"{"access_token":"00D!a\r\nX-Evil: 1"}"#, unsendable),
        (r#"{"access_token":"00D a"}"#, unsendable),
        (r#"{"access_token":"00D\u0000a"}"#, unsendable),
        (r#"{"access_token":"00Dä"}"#, unsendable),
    ];
    check_final(rows.map(|(json, what)| (Reply::json(200, json), no_token(what))));
    let error_of_another_type = [
        r#"{"access_token":"00D!access-1","error":1}"#,
        r#"{"access_token":"00D!access-1","error":{"code":"invalid_grant"}}"#,
        r#"{"access_token":"00D!access-1","error":false}"#,
    ];
    let shape = "JSON that is no token reply";
    check_final(error_of_another_type.map(|it| (Reply::json(200, it), unusable(200, shape))));
    let both = r#"{"access_token":"00D!access-1","error":"strange"}"#;
    check_final([(Reply::json(200, both), no_token("strange"))]);
}

#[test]
fn bodies_that_are_no_json_object_are_no_success() {
    let broken = |why: &str| unusable(200, &format!("broken JSON: {why}"));
    let no_object = || unusable(200, "JSON that is not an object");
    let recursion = "recursion limit exceeded at line 1 column 128";
    check_final([
        (body(200, ""), unusable(200, "an empty body")),
        (body(200, " \r\n"), unusable(200, "an empty body")),
        (body(200, "\u{feff}"), unusable(200, "an empty body")),
        (body(200, "<html>"), unusable(200, "HTML or XML")),
        (
            body(200, "\r\n<?xml version='1.0'?><OAuth/>"),
            unusable(200, "HTML or XML"),
        ),
        (
            body(200, r#"{"access_token":"00D!n"#),
            broken("EOF while parsing a string at line 1 column 22"),
        ),
        (
            body(200, format!("{TOKEN}{TOKEN}")),
            broken("trailing characters at line 1 column 32"),
        ),
        (
            body(200, "access_token=00D!access-1&token_type=Bearer"),
            broken("expected value at line 1 column 1"),
        ),
        (body(200, "[".repeat(100_000)), broken(recursion)),
        (
            body(200, r#"{"a":"#.repeat(1000)),
            broken("recursion limit exceeded at line 1 column 636"),
        ),
        (body(200, "[]"), no_object()),
        (body(200, format!("[{TOKEN}]")), no_object()),
        (body(200, r#""00D!access-1""#), no_object()),
        (body(200, "null"), no_object()),
        (body(200, "17"), no_object()),
    ]);
}

#[test]
fn bytes_that_are_no_text_and_bodies_without_measure_are_no_success() {
    let no_text = || unusable(200, "text that is not UTF-8");
    let latin1 = TOKEN.replace('}', r#","city":"Z"#).into_bytes();
    let latin1 = [&latin1[..], b"\xfcrich\"}"].concat();
    let utf16: Vec<u8> = TOKEN.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_final([
        (Reply::json(200, latin1), no_text()),
        (body(200, [&b"\xff\xfe"[..], &utf16].concat()), no_text()),
        (body(200, &b"\x1f\x8b\x08\x00\xff"[..]), no_text()),
        (body(200, padded(2 << 20)), unusable(200, "more than 1 MiB")),
        (
            body(200, padded((1 << 20) + 1)),
            unusable(200, "more than 1 MiB"),
        ),
        (
            body(200, padded(2 << 20)).chunked(),
            unusable(200, "more than 1 MiB"),
        ),
        (
            body(200, padded(2 << 20)).until_close(),
            unusable(200, "more than 1 MiB"),
        ),
    ]);
}

#[test]
fn replies_that_are_cut_short_are_no_replies() {
    let closed = || Failure::no_reply(HOST, "the connection was closed");
    let reset = || Failure::no_reply(HOST, "connection reset by peer");
    let half = r#"{"access_token":"00D!n"#;
    check_final([
        (Reply::nothing(Ending::Close), closed()),
        (Reply::nothing(Ending::Reset), reset()),
        (Reply::raw("HTTP/1.1 200 OK\r\nContent-Le"), closed()),
        (
            body(200, half).claiming_length(999).then(Ending::Close),
            closed(),
        ),
        (body(200, TOKEN).cut(9, Ending::Close), closed()),
        (body(200, TOKEN).cut(9, Ending::Reset), closed()),
        (body(200, TOKEN).chunked().cut(9, Ending::Close), closed()),
        (
            body(400, "").claiming_length(9).then(Ending::Close),
            closed(),
        ),
    ]);
    let busy_page = body(503, "<html>").cut(2, Ending::Close);
    check_tried_again([(busy_page, busy("status 503"))]);
}

#[test]
fn bytes_that_are_no_http_are_no_reply_of_a_token_endpoint() {
    let version = "invalid HTTP version";
    let status = "invalid response status";
    let lengths = "conflicting content-length headers";
    let length = "content-length header not a number";
    let too_big = "the head of its reply is larger than 16 KiB";
    let head = |head: &str| Reply::raw(format!("{head}\r\n\r\n{TOKEN}"));
    let long = "x".repeat(1 << 20);
    check_final([
        (Reply::raw("SSH-2.0-OpenSSH_9.9\r\n"), no_http(version)),
        (Reply::raw("\x15\x03\x03\0\x02\x02\x46"), no_http(version)),
        (Reply::raw(b"\0\xff\xfe\x80\r\n\r\n"), no_http(version)),
        (head("HTTP/9.9 200 OK"), no_http(version)),
        (head("HTTP/1.1 abc OK"), no_http(status)),
        (head("HTTP/1.1 000 No"), no_http("invalid status code: 000")),
        (Reply::raw(format!("{TOKEN}\r\n\r\n")), no_http(version)),
        (
            many_headers(2000),
            no_http("http parse resulted in too many headers"),
        ),
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
fn lengths_that_are_too_small_cut_the_reply() {
    check_final([
        (
            body(200, TOKEN).claiming_length(10),
            unusable(
                200,
                "broken JSON: EOF while parsing a string at line 1 column 10",
            ),
        ),
        (
            body(200, TOKEN).claiming_length(0),
            unusable(200, "an empty body"),
        ),
    ]);
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
        many_headers(100),
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
fn an_error_that_is_null_counts_as_absent_and_is_not_kept() {
    let endpoint = Endpoint::http(body(200, r#"{"access_token":"00D!access-1","error":null}"#));
    assert_taken(&endpoint);
}

#[test]
fn a_new_refresh_token_is_saved_though_the_access_token_is_of_no_use() {
    let rows = [
        (r#"{"refresh_token":"5Aep-1"}"#, "no access token"),
        (
            r#"{"access_token":"a b","refresh_token":"5Aep-1"}"#,
            "an access token with characters that cannot be sent",
        ),
    ];
    for (json, what) in rows {
        let endpoint = Endpoint::http(Reply::json(200, json));
        let host = host(&endpoint);
        let stderr = format!(
            "sftoken: cannot refresh token.json: unusable reply from {host}: {what}; its new refresh token was saved\n\
             hint: check the token endpoint\n"
        );
        refresh(&endpoint)
            .run()
            .code(76)
            .stderr(stderr)
            .stdout("")
            .file_is(FILE, DOCUMENT.replace("5Aep-0", "5Aep-1"))
            .files_are([FILE]);
        endpoint.only_request();
    }
}

#[test]
fn what_the_server_says_is_shown_without_harm() {
    let long = "x".repeat(300);
    check_final([
        (
            said(
                400,
                "invalid_grant",
                r"a\u001b[31m\r\nb\u009b\u202ec\u200bd",
            ),
            refused("invalid_grant: a[31mbcd"),
        ),
        (
            said(400, "invalid_grant", "no 5Aep-0 and no 5Aep\\u0000-0"),
            refused("invalid_grant: no [REDACTED] and no [REDACTED]"),
        ),
        (
            said(400, "invalid_grant", &long),
            refused(&format!("invalid_grant: {}", "x".repeat(185))),
        ),
        (code(400, r"\u001b]0;pwned\u0007"), client("]0;pwned")),
    ]);
}
