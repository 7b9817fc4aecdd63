//! Secrets in the wrong place of a command line: wherever one stands, no message repeats it.
//!
//! Standard error ends up in logs of jobs. A token that was given where a path or a number belongs
//! is a slip that the message has to tell without making it worse.

use crate::harness::Case;
use crate::kit::{DOCUMENT, FILE, Failure, dry_run, with_file, would_post};

/// What the secrets below have in common.
const SECRET: &str = "s3cr3t";

/// The hint where a path cannot be read that is not shown.
const NO_SECRET: &str = "a path belongs there, and no secret";

/// Arguments with the look of a secret, each with [`SECRET`] in it.
const SECRETS: [&str; 7] = [
    "00D41000!s3cr3t",
    "Bearer 00D41000!s3cr3t",
    "5Aeps3cr3t",
    "eyJhbGciOi.s3cr3t",
    "force://PlatformCLI:s3cr3t:5Aep861@acme.my.salesforce.com",
    "{\"refresh_token\": \"s3cr3t\"}",
    "[\"s3cr3t\"]",
];

/// Runs the case, which fails like this and says nothing of the secret.
#[track_caller]
fn assert_fails(case: &Case, code: i32, message: &str, hint: &str) {
    let outcome = Failure::new(code, message, hint).of(case.run());
    let said = outcome.stderr_text();
    assert!(!said.contains(SECRET), "{said}");
}

/// A call of `refresh` with these arguments besides FILE.
fn refresh<const COUNT: usize>(args: [&str; COUNT]) -> Case {
    with_file(dry_run(), DOCUMENT)
        .args(["--client-id", "a", FILE])
        .args(args)
}

#[test]
fn a_secret_as_file_is_not_shown() {
    for secret in SECRETS {
        let case = dry_run().args(["--client-id", "a", secret]);
        if secret.starts_with("force") || secret.starts_with('{') {
            let message = "FILE is no path but tokens themselves";
            let hint = "pass them on standard input, with - as FILE";
            assert_fails(&case, 64, message, hint);
        } else {
            let message = "cannot read [REDACTED]: no such file or directory";
            assert_fails(&case, 66, message, NO_SECRET);
        }
    }
}

#[test]
fn a_secret_as_ca_file_is_not_shown() {
    for secret in SECRETS {
        let shown = match secret {
            auth_url if auth_url.starts_with("force") => "force:/[REDACTED]",
            _ => "[REDACTED]",
        };
        let message = format!("cannot read {shown}: no such file or directory");
        assert_fails(&refresh(["--cacert", secret]), 66, &message, NO_SECRET);
        let message =
            format!("cannot read {shown} (from SSL_CERT_FILE): no such file or directory");
        let case = refresh([]).env("SSL_CERT_FILE", secret);
        assert_fails(&case, 66, &message, NO_SECRET);
    }
}

#[test]
fn a_secret_as_client_secret_file_is_not_shown_whatever_it_looks_like() {
    let long = "s3cr3t".repeat(50);
    let others = ["s3cr3t", "s3/cr3t+s3cr3t=", "token.json/s3cr3t", &long];
    for secret in SECRETS.into_iter().chain(others) {
        let case = refresh(["--client-secret-file", secret]);
        let why = match secret {
            _ if secret == long => "file name too long",
            "token.json/s3cr3t" => "not a directory",
            _ => "no such file or directory",
        };
        let message = format!("cannot read the file of --client-secret-file: {why}");
        let hint = "the option takes the path of a file, not the secret itself";
        assert_fails(&case, 66, &message, hint);
    }
}

#[test]
fn a_secret_as_another_value_is_not_shown() {
    let durations = "give a whole number with s, m, h or d, such as 90m; a bare number is seconds";
    let options = [
        ("--print", "give token, header, env or json"),
        ("--retries", "see sftoken --help"),
        ("--timeout", durations),
        ("--max-age", durations),
    ];
    for secret in SECRETS {
        for (option, hint) in options {
            let message = format!("invalid {option}");
            assert_fails(&refresh([option, secret]), 64, &message, hint);
            let glued = format!("{option}={secret}");
            assert_fails(&refresh([&glued]), 64, &message, hint);
        }
    }
}

#[test]
fn a_secret_that_is_too_many_is_not_shown() {
    let hint = "see sftoken --help";
    for secret in SECRETS {
        assert_fails(&refresh([secret]), 64, "more than one FILE", hint);
        assert_fails(&refresh(["--", secret]), 64, "more than one FILE", hint);
        let version = Case::new().args(["version", secret]);
        assert_fails(&version, 64, "unexpected argument", hint);
        for option in ["--print", "--cacert", "--client-id", "--client-secret-file"] {
            let case = Case::new().args(["refresh", option, secret]);
            let message = format!("no FILE: {option} took the last argument");
            assert_fails(&case, 64, &message, hint);
        }
    }
}

#[test]
fn a_secret_as_command_is_not_shown() {
    let hint = "the command comes first, as in: sftoken refresh FILE";
    for secret in SECRETS {
        let message = "the first argument is no command";
        assert_fails(&Case::new().arg(secret), 64, message, hint);
        assert_fails(&Case::new().args(["help", secret]), 64, message, hint);
    }
}

#[test]
fn a_file_whose_name_looks_like_a_secret_can_be_used() {
    let case = dry_run()
        .file("5Aep.json", DOCUMENT)
        .mode("5Aep.json", 0o600);
    let outcome = case.args(["--client-id", "a", "./5Aep.json"]).run();
    let url = "https://login.salesforce.com/services/oauth2/token";
    let expected = would_post("./[REDACTED]", url);
    outcome.code(0).stdout("").stderr(expected);
}
