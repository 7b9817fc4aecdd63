//! What goes to standard output, and what is said on standard error.
//!
//! Standard output feeds other programs, so it is compared to the byte and stays empty on failure.
//! Standard error ends up in logs, where no secret may ever appear: the hostile endpoints at the end
//! repeat every secret they have seen or given.

use crate::endpoint::{Endpoint, Reply, Request};
use crate::harness::{Case, name};
use crate::kit::{
    CLIENT_ID, DOCUMENT, FILE, Failure, REFRESHED, document, dry_run, granted, refresh, refresh_at,
    refresh_file, refresh_stdin, reply, summary, with_file,
};
use crate::rights::{only_file_in, with_tmp};
use crate::secrets::assert_shows_none;

/// The warning about [`FILE`] with mode 0644.
const OPEN_TO_OTHERS: &str = "sftoken: warning: every user of this machine can read token.json \
                              (mode 0644); chmod 600 would end that\n";

/// A success with these members.
fn granted_with(members: &str) -> Reply {
    Reply::json(200, format!("{{{members}}}"))
}

/// What `--print` writes for a reply with these members.
#[track_caller]
fn assert_prints(what: &str, members: &str, expected: &str) {
    let endpoint = Endpoint::http(granted_with(members));
    refresh(&endpoint)
        .args(["--print", what])
        .run()
        .code(0)
        .stdout(expected)
        .stderr(summary(&endpoint));
    let piped = refresh_stdin(DOCUMENT, &endpoint).args(["--print", what]);
    piped.run().code(0).stdout(expected);
}

#[test]
fn prints_the_token_a_header_or_the_document() {
    let members = r#""access_token":"00D!access-1""#;
    assert_prints("token", members, "00D!access-1\n");
    assert_prints("header", members, "Authorization: Bearer 00D!access-1\n");
    let document = DOCUMENT.replace("00D!access-0", "00D!access-1");
    assert_prints("json", members, &document);
}

#[test]
fn prints_the_variables_of_the_salesforce_cli() {
    let token = r#""access_token":"00D!access-1""#;
    assert_prints("env", token, "SF_ACCESS_TOKEN=00D!access-1\n");
    for empty in [r#""""#, "null", "1"] {
        let members = format!(r#"{token},"instance_url":{empty}"#);
        assert_prints("env", &members, "SF_ACCESS_TOKEN=00D!access-1\n");
    }
    assert_prints(
        "env",
        r#""access_token":"00D.a_b-c!9","instance_url":"https://acme--dev.my.salesforce.com:443/""#,
        "SF_ACCESS_TOKEN=00D.a_b-c!9\n\
         SF_ORG_INSTANCE_URL=https://acme--dev.my.salesforce.com:443/\n",
    );
    assert_prints(
        "env",
        r#""access_token":"a+b=='$(id)`","instance_url":"https://a\"\\""#,
        "SF_ACCESS_TOKEN='a+b=='\\''$(id)`'\nSF_ORG_INSTANCE_URL='https://a\"\\'\n",
    );
}

#[test]
fn prints_no_variable_that_a_dotenv_file_cannot_carry() {
    for url in [
        "https://a\\nSF_ACCESS_TOKEN=evil",
        "https://ä",
        "https://a b",
        "\\u007f",
    ] {
        let reply = format!(r#""access_token":"00D!new","instance_url":"{url}""#);
        let endpoint = Endpoint::http(granted_with(&reply));
        let warning = "sftoken: warning: instance_url is left out: \
                       it has characters that no dotenv file can carry\n";
        refresh(&endpoint)
            .args(["--print", "env"])
            .run()
            .code(0)
            .stdout("SF_ACCESS_TOKEN=00D!new\n")
            .stderr(format!("{warning}{}", summary(&endpoint)));
    }
}

#[test]
fn prints_the_document_for_standard_input_and_saves_nothing() {
    let endpoint = Endpoint::http(reply(1));
    refresh_stdin(DOCUMENT, &endpoint)
        .env("TMPDIR", ".")
        .run()
        .code(0)
        .stdout(document(1))
        .stderr(format!(
            "sftoken: refreshed the token from standard input at {}, refresh token rotated\n",
            endpoint.address()
        ))
        .files_are([""; 0]);
}

#[test]
fn keeps_a_rotated_refresh_token_that_is_printed_nowhere() {
    let endpoint = Endpoint::http(reply(1));
    let case = || with_tmp(refresh_stdin(DOCUMENT, &endpoint)).arg("--quiet");
    let shell = |redirection: &str| {
        let script = format!("exec \"$@\" {redirection}");
        case().through(["/bin/sh", "-c", &script, "sh"])
    };
    let cases = [
        (case().args(["--print", "token"]), "00D!access-1\n"),
        (shell(">/dev/null"), ""),
        (shell(">&-"), ""),
    ];
    for (case, stdout) in cases {
        let outcome = case.run().code(0).stdout(stdout);
        let path = only_file_in(&outcome.path("tmp"));
        let warning = format!(
            "sftoken: warning: the new refresh token is not printed; it is in {}\n",
            path.display()
        );
        outcome.stderr(warning).file_is(&path, document(1));
    }
}

#[test]
fn fails_without_printing_if_a_rotated_refresh_token_can_be_kept_nowhere() {
    let endpoint = Endpoint::http(reply(1));
    let shell = ["/bin/sh", "-c", "exec \"$@\" >/dev/null", "sh"];
    let piped = || refresh_stdin(DOCUMENT, &endpoint).env("TMPDIR", "missing");
    let message = "the new refresh token is not printed, and cannot be kept: \
                   no such file or directory";
    let hint = "log in again, and set TMPDIR to a directory that can be written";
    for case in [piped().args(["--print", "token"]), piped().through(shell)] {
        Failure::new(74, message, hint).of(case.run());
    }
}

#[test]
fn names_the_copy_of_a_rotated_refresh_token_if_standard_output_takes_no_access_token() {
    let endpoint = Endpoint::http(reply(1));
    let case = with_tmp(refresh_stdin(DOCUMENT, &endpoint)).args(["--print", "token"]);
    let outcome = case.stdout_full().run().code(74);
    let path = only_file_in(&outcome.path("tmp"));
    let stderr = format!(
        "sftoken: warning: the new refresh token is not printed; it is in {path}\n\
         sftoken: cannot write to standard output: no space left on device; \
         the new tokens are in {path}\n\
         hint: use that file in place of the old tokens\n",
        path = path.display()
    );
    outcome.stderr(stderr).file_is(&path, document(1));
}

#[test]
fn fails_but_has_saved_if_standard_output_cannot_be_written() {
    let endpoint = Endpoint::http(reply(1));
    let case = || refresh(&endpoint).args(["--print", "token"]);
    let cases = [
        (case().stdout_closed(), "broken pipe"),
        (case().stdout_full(), "no space left on device"),
    ];
    for (case, why) in cases {
        case.run()
            .code(74)
            .stderr(format!(
                "sftoken: cannot write to standard output: {why}\n\
                 hint: {FILE} has the token; do not log in again\n"
            ))
            .file_is(FILE, document(1))
            .files_are([FILE]);
    }
}

#[test]
fn a_full_standard_output_is_nothing_to_a_run_that_prints_nothing() {
    let endpoint = Endpoint::http(granted());
    let outcome = refresh(&endpoint).stdout_full().run();
    outcome
        .code(0)
        .stderr(summary(&endpoint))
        .file_is(FILE, REFRESHED);
}

#[test]
fn keeps_the_only_copy_of_new_tokens_that_standard_output_did_not_take() {
    let endpoint = Endpoint::http(reply(1));
    let case = || with_tmp(refresh_stdin(DOCUMENT, &endpoint));
    let cases = [
        (case().stdout_closed(), "broken pipe"),
        (case().stdout_full(), "no space left on device"),
    ];
    for (case, why) in cases {
        let outcome = case.run().code(74);
        let path = only_file_in(&outcome.path("tmp"));
        let stderr = format!(
            "sftoken: cannot write to standard output: {why}; the new tokens are in {}\n\
             hint: use that file in place of the old tokens\n",
            path.display()
        );
        outcome
            .stderr(stderr)
            .file_is(&path, document(1))
            .mode_is(&path, 0o600);
    }
}

#[test]
fn help_and_version_fail_if_standard_output_cannot_be_written() {
    for option in ["--help", "--version"] {
        let case = || Case::new().arg(option);
        let cases = [
            (case().stdout_closed(), "broken pipe"),
            (case().stdout_full(), "no space left on device"),
        ];
        for (case, why) in cases {
            let stderr = format!("sftoken: cannot write to standard output: {why}\n");
            case.run().code(74).stderr(stderr);
        }
    }
}

#[test]
fn quiet_silences_the_summary_and_nothing_else() {
    let endpoint = Endpoint::http(granted());
    let no_refresh_token = Failure::no_refresh_token(FILE, "it has no refresh_token");
    for option in ["-q", "--quiet"] {
        let outcome = refresh(&endpoint).arg(option).run();
        outcome.code(0).stdout("").stderr("");
        no_refresh_token.of(refresh_file("{}", &endpoint).arg(option).run());
        let readable = refresh(&endpoint).mode(FILE, 0o644);
        readable.arg(option).run().code(0).stderr(OPEN_TO_OTHERS);
    }
}

#[test]
fn verbose_tells_each_step() {
    let endpoint = Endpoint::https(reply(1));
    let (url, host) = (endpoint.url(), endpoint.address());
    let ca = endpoint.ca_path().display().to_string();
    let expected = format!(
        "* roots: 1 of {ca}\n\
         * lock: token.json is ours\n\
         * document: token.json, 3 members, 87 bytes\n\
         * endpoint: {url} (from --token-endpoint)\n\
         * client id: {CLIENT_ID} (from --client-id)\n\
         * client secret: yes (from SFTOKEN_CLIENT_SECRET)\n\
         * proxy: none\n\
         * save: pending file ready\n\
         * try 1: POST {url}\n\
         * try 1: status 200 after N ms\n\
         * reply: changed access_token, refresh_token\n\
         * save: replaced by rename\n\
         sftoken: refreshed token.json at {host}, refresh token rotated\n"
    );
    for option in ["-v", "--verbose"] {
        let case = refresh(&endpoint).env("SFTOKEN_CLIENT_SECRET", "s3");
        let outcome = case.arg(option).run().code(0).stdout("");
        assert_eq!(without_duration(&outcome.stderr_text()), expected);
    }
}

/// Replaces what the clock measured.
fn without_duration(transcript: &str) -> String {
    let (before, rest) = transcript.split_once(" after ").unwrap();
    let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before} after N{behind}")
}

#[test]
fn verbose_tells_where_each_value_came_from() {
    let document = r#"{"refresh_token":"r","client_id":"c","instance_url":"https://acme.my.salesforce.com","issued_at":"1"}"#;
    with_file(dry_run(), document)
        .args(["--verbose", "--max-age", "1h", FILE])
        .run()
        .code(0)
        .stdout("")
        .stderr(
            "* roots: Mozilla's, built in\n\
             * token: of unknown age\n\
             * lock: token.json is ours\n\
             * document: token.json, 4 members, 101 bytes\n\
             * endpoint: https://acme.my.salesforce.com/services/oauth2/token \
             (from instance_url in the document)\n\
             * client id: c (from client_id in the document)\n\
             * client secret: none, a public client\n\
             * proxy: 127.0.0.1:9 (from https_proxy)\n\
             * save: pending file ready\n\
             sftoken: dry run: would refresh token.json: POST grant_type, client_id, refresh_token \
             to https://acme.my.salesforce.com/services/oauth2/token\n",
        );
}

#[test]
fn verbose_and_quiet_together_tell_the_steps_without_the_summary() {
    let endpoint = Endpoint::http(granted());
    let outcome = refresh(&endpoint).args(["-qv"]).run().code(0);
    let said = outcome.stderr_text();
    assert!(said.lines().all(|line| line.starts_with("* ")), "{said}");
    assert!(said.ends_with("* save: replaced by rename\n"), "{said}");
}

#[test]
fn warns_once_of_a_file_that_others_can_read_and_leaves_its_mode() {
    let endpoint = Endpoint::http(granted());
    for mode in [0o644, 0o604, 0o666] {
        let warning = OPEN_TO_OTHERS.replace("0644", &format!("{mode:04o}"));
        refresh(&endpoint)
            .mode(FILE, mode)
            .run()
            .code(0)
            .stdout("")
            .stderr(format!("{warning}{}", summary(&endpoint)))
            .mode_is(FILE, mode);
    }
    for mode in [0o600, 0o640, 0o660] {
        let outcome = refresh(&endpoint).mode(FILE, mode).run();
        outcome
            .code(0)
            .stderr(summary(&endpoint))
            .mode_is(FILE, mode);
    }
    let failing = refresh_file("{}", &endpoint).mode(FILE, 0o644).run();
    let Failure { code, stderr } = Failure::no_refresh_token(FILE, "it has no refresh_token");
    failing
        .code(code)
        .stderr(format!("{OPEN_TO_OTHERS}{stderr}"));
}

#[test]
fn shows_file_names_without_their_control_characters() {
    let endpoint = Endpoint::http(granted());
    let file = name(b"a\x1b[31m\n\r\t\x7f\xc2\x9bb.json");
    let shown = "a?[31m?????b.json";
    refresh_at(&endpoint)
        .file(file, DOCUMENT)
        .mode(file, 0o600)
        .arg(file)
        .run()
        .code(0)
        .stderr(format!(
            "sftoken: refreshed {shown} at {}\n",
            endpoint.address()
        ))
        .file_is(file, REFRESHED);
    let missing = refresh_at(&endpoint).arg(file).run();
    Failure::unreadable(shown, "no such file or directory").of(missing);
}

#[test]
fn shows_arguments_without_their_control_characters() {
    let calls = [
        (["refresh", "--\x1b[31m"], "unknown option --"),
        (["refresh", "--retries=\n1"], "invalid --retries: ?1"),
    ];
    for (args, message) in calls {
        let outcome = Case::new().args(args).arg("missing.json").run();
        Failure::new(64, message, "see sftoken --help").of(outcome);
    }
}

/// The secrets of the caller; the form encodes some of their characters.
const OLD_SECRETS: [&str; 3] = ["old+access/token", "old+refresh/token", "old+client/secret"];

/// The secrets of the reply.
const NEW_SECRETS: [&str; 2] = ["new+access/token", "new+refresh/token"];

/// A document with [`OLD_SECRETS`] in it.
const SECRETIVE: &str = r#"{
  "access_token": "old+access/token",
  "refresh_token": "old+refresh/token",
  "client_secret": "old+client/secret"
}
"#;

/// All that the endpoint has seen, as it came and as it was meant, and the old access token.
fn everything(request: &Request) -> String {
    let sent = String::from_utf8_lossy(&request.body);
    format!("{} {sent}", OLD_SECRETS.join(" "))
}

/// The members of a reply with new tokens.
fn new_tokens() -> String {
    let [access, refresh] = NEW_SECRETS;
    format!(r#""access_token":"{access}","refresh_token":"{refresh}""#)
}

/// Runs with `-v` and expects that standard error has no piece of a secret.
#[track_caller]
fn assert_discreet(case: Case) {
    let secrets = [&OLD_SECRETS[..], &NEW_SECRETS].concat();
    assert_shows_none(&with_tmp(case).arg("-v").run(), &secrets);
}

/// Refreshes [`SECRETIVE`] at an endpoint with this script, in a file and on standard input.
#[track_caller]
fn assert_discreet_about(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
    let endpoint = Endpoint::https(script);
    let options = ["--retries", "0"];
    assert_discreet(refresh_file(SECRETIVE, &endpoint).args(options));
    assert_discreet(refresh_stdin(SECRETIVE, &endpoint).args(options));
    assert_eq!(endpoint.requests().len(), 2);
}

#[test]
fn says_no_secret_of_a_success() {
    assert_discreet_about(|_: &Request| granted_with(&new_tokens()));
}

#[test]
fn says_no_secret_of_a_refusal_that_repeats_them_all() {
    for (status, code) in [
        (400, "invalid_grant"),
        (400, "invalid_client"),
        (503, "server_error"),
    ] {
        assert_discreet_about(move |request: &Request| {
            Reply::error(status, code, &everything(request))
        });
    }
    assert_discreet_about(|request: &Request| Reply::error(400, &everything(request), ""));
}

#[test]
fn says_no_secret_of_a_refusal_that_brings_new_ones() {
    assert_discreet_about(|_: &Request| {
        let [access, refresh] = NEW_SECRETS;
        let split_by_a_bell = refresh.replace('+', r"\u0007+");
        let tokens = new_tokens();
        granted_with(&format!(
            r#""error":"odd","error_description":"not {access} nor {split_by_a_bell}",{tokens}"#
        ))
    });
}

#[test]
fn says_no_secret_of_a_reply_that_makes_no_sense() {
    assert_discreet_about(|request: &Request| Reply::json(400, everything(request)));
    assert_discreet_about(|request: &Request| Reply::status(503).body(everything(request)));
    assert_discreet_about(|_: &Request| granted_with(&new_tokens()[..60]));
    assert_discreet_about(|_: &Request| {
        granted_with(&new_tokens().replace("new+access/token", "new+access/token "))
    });
}

#[test]
fn says_no_secret_of_a_redirect_that_carries_them() {
    assert_discreet_about(|request: &Request| {
        let query = everything(request).replace(' ', "+");
        let location = format!("https://{query}@elsewhere.example/{query}?{query}");
        Reply::status(302).header("Location", &location)
    });
}

#[test]
fn says_no_secret_in_the_host_that_a_redirect_points_at() {
    let endpoint =
        Endpoint::http(Reply::status(302).header("Location", "https://old-refresh.evil.example/"));
    let document = DOCUMENT.replace("5Aep-0", "old-refresh");
    let outcome = refresh_file(document, &endpoint).run().code(76);
    assert_shows_none(&outcome, &["old-refresh"]);
}

#[test]
fn says_no_secret_of_a_document_that_cannot_be_used() {
    let endpoint = Endpoint::http(granted());
    for len in (0..SECRETIVE.len() - 2).step_by(3) {
        assert_discreet(refresh_stdin(&SECRETIVE[..len], &endpoint));
    }
    let number = SECRETIVE.replace(
        "\"refresh_token\": \"old+refresh/token\"",
        "\"refresh_token\": 1",
    );
    assert_discreet(refresh_file(number, &endpoint));
    let unquoted = SECRETIVE.replace("\"old+refresh/token\"", "old+refresh/token");
    assert_discreet(refresh_file(unquoted, &endpoint));
    let auth_url = "force://id:old+client/secret:old+refresh/token@acme.my.salesforce.com";
    assert_discreet(refresh_stdin(auth_url, &endpoint));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn says_no_secret_of_a_call_that_is_wrong() {
    let [_, refresh, secret] = OLD_SECRETS;
    let calls = [
        format!("--client-secret={secret}"),
        format!("--refresh-token={refresh}"),
        format!("--token-endpoint=https://id:{secret}@acme.my.salesforce.com"),
        format!("--token-endpoint=https://acme.my.salesforce.com/#{secret}"),
        "--client-secret-file=missing".to_owned(),
    ];
    let case = || with_file(dry_run(), SECRETIVE).args(["--client-id", "a", FILE]);
    for call in calls {
        assert_discreet(case().arg(call).env("SFTOKEN_CLIENT_SECRET", secret));
    }
    let proxy = format!("ftp://user:{secret}@proxy.example");
    assert_discreet(case().env("https_proxy", proxy));
}
