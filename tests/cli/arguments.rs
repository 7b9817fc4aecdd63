//! Everything that can be wrong with a command line or an environment, and all that is right.
//!
//! A call that does not mean what its author thinks must fail before anything is read or sent, with
//! a message that names the culprit. None of the calls in the tables below has a file to work on:
//! getting as far as looking for one would show as another exit code.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::endpoint::Endpoint;
use crate::harness::{Case, name};
use crate::kit::{
    CLIENT_ID, DOCUMENT, FILE, Failure, REFRESHED, dry_run, granted, refresh, refresh_at, summary,
    with_file, would_post,
};

/// The hint of most usage errors.
const SEE_HELP: &str = "see sftoken --help";

/// The hint of an endpoint that cannot be used.
const GIVE_HTTPS: &str = "give an https URL such as https://acme.my.salesforce.com";

/// The hint of a duration that cannot be read.
const GIVE_DURATION: &str =
    "give a whole number with s, m, h or d, such as 90m; a bare number is seconds";

/// The options that take a value.
const VALUE_OPTIONS: [&str; 8] = [
    "--client-id",
    "--client-secret-file",
    "--token-endpoint",
    "--cacert",
    "--max-age",
    "--print",
    "--timeout",
    "--retries",
];

/// Runs the case and expects exactly this usage error.
#[track_caller]
fn assert_usage(case: &Case, message: &str, hint: &str) {
    Failure::new(64, message, hint).of(case.run());
}

/// `sftoken refresh` with these arguments before a FILE that does not exist.
fn call<const COUNT: usize>(args: [&str; COUNT]) -> Case {
    Case::new().arg("refresh").args(args).arg("missing.json")
}

#[test]
fn refuses_calls_without_a_command_and_one_file() {
    let calls: [(&[&str], &str); 12] = [
        (&[], "no command"),
        (&["--", "refresh", "a"], "no command"),
        (&["refresh"], "no FILE"),
        (&["refresh", "-q"], "no FILE"),
        (&["refresh", "--"], "no FILE"),
        (&["refresh", "--print=token"], "no FILE"),
        (&["refresh", ""], "FILE is empty"),
        (&["refresh", "a", "b"], "more than one FILE: a and b"),
        (
            &["refresh", "a", "--", "-q"],
            "more than one FILE: a and -q",
        ),
        (&["-V", "a"], "unexpected argument a"),
        (&["version", "-v"], "unexpected argument -v"),
        (&["help", "refresh", "a"], "unexpected argument a"),
    ];
    for (args, message) in calls {
        assert_usage(&Case::new().args(args), message, SEE_HELP);
    }
}

#[test]
fn tells_which_option_took_the_file() {
    let calls: [(&[&str], &str); 6] = [
        (&["--print", "t.json"], "--print took t.json"),
        (&["--client-id", "t.json", "-q"], "--client-id took t.json"),
        (
            &["--retries", "3", "--cacert", "t.json"],
            "--cacert took t.json",
        ),
        (
            &["--cacert", "t.json", "--print=token"],
            "--cacert took t.json",
        ),
        (
            &["--client-secret-file", "t.json"],
            "--client-secret-file took the last argument",
        ),
        (&["--print", "00D!A"], "--print took the last argument"),
    ];
    for (args, taken) in calls {
        let case = Case::new().arg("refresh").args(args);
        assert_usage(&case, &format!("no FILE: {taken}"), SEE_HELP);
    }
}

#[test]
fn refuses_values_where_none_belong() {
    let flags = [
        "--dry-run",
        "--quiet",
        "--verbose",
        "--help",
        "-n",
        "-q",
        "-v",
        "-h",
        "-nq",
    ];
    for flag in flags {
        let message = format!("{flag} takes no value");
        assert_usage(&call([&format!("{flag}=yes")]), &message, SEE_HELP);
    }
}

#[test]
fn refuses_options_without_a_value() {
    for option in VALUE_OPTIONS {
        let case = Case::new().args(["refresh", "missing.json", option]);
        assert_usage(&case, &format!("{option} needs a value"), SEE_HELP);
        let message = format!("the value of {option} is empty");
        assert_usage(&call([option, ""]), &message, SEE_HELP);
        assert_usage(&call([&format!("{option}=")]), &message, SEE_HELP);
        let message = format!("{option} needs a value, not another option");
        assert_usage(&call([option, "--verbose"]), &message, SEE_HELP);
        assert_usage(&call([option, "-v"]), &message, SEE_HELP);
        assert_usage(&call([&format!("{option}=-v")]), &message, SEE_HELP);
    }
}

#[test]
fn refuses_options_that_are_given_twice() {
    let values = ["a", "a", "https://a", "a", "1", "json", "1", "1"];
    for (option, value) in VALUE_OPTIONS.into_iter().zip(values) {
        let message = format!("{option} is given twice");
        let glued = format!("{option}={value}");
        assert_usage(&call([option, value, &glued]), &message, SEE_HELP);
        assert_usage(&call([&glued, option, value]), &message, SEE_HELP);
    }
    for (short, long) in [("-n", "--dry-run"), ("-q", "--quiet"), ("-v", "--verbose")] {
        let message = format!("{long} is given twice");
        assert_usage(&call([short, long]), &message, SEE_HELP);
        assert_usage(&call([long, long]), &message, SEE_HELP);
        let message = format!("{short} is given twice");
        assert_usage(&call([short, short]), &message, SEE_HELP);
        assert_usage(&call([long, short]), &message, SEE_HELP);
        let doubled = format!("{short}{}", &short[1..]);
        assert_usage(&call([&doubled]), &message, SEE_HELP);
    }
}

#[test]
fn refuses_values_that_an_option_cannot_have() {
    let print = "give token, header, env or json";
    let calls = [
        ("--print", "xml", "invalid --print: xml", print),
        ("--print", "Token", "invalid --print: Token", print),
        ("--retries", "many", "invalid --retries: many", SEE_HELP),
        ("--retries", "+1", "invalid --retries: +1", SEE_HELP),
        ("--retries", "1.0", "invalid --retries: 1.0", SEE_HELP),
        ("--timeout", "0", "--timeout must be at least 1s", SEE_HELP),
        ("--timeout", "0h", "--timeout must be at least 1s", SEE_HELP),
    ];
    for (option, value, message, hint) in calls {
        assert_usage(&call([option, value]), message, hint);
    }
    let more_than_32_bits = call(["--retries=4294967296"]);
    assert_usage(
        &more_than_32_bits,
        "invalid --retries: 4294967296",
        SEE_HELP,
    );
    let never = call(["--timeout=18446744073709551615"]);
    assert_usage(&never, "--timeout is too long", SEE_HELP);
}

#[test]
fn refuses_durations_that_are_no_whole_number_with_a_unit() {
    let durations = [
        "soon",
        "m",
        "1.5h",
        "+5",
        "5x",
        "5M",
        "5 m",
        " 5",
        "1h30m",
        "0x10",
        "1e3",
        "٥",
        "18446744073709551616",
        "18446744073709551615d",
    ];
    for duration in durations {
        for option in ["--max-age", "--timeout"] {
            let message = format!("invalid {option}: {duration}");
            assert_usage(&call([option, duration]), &message, GIVE_DURATION);
        }
    }
}

#[test]
fn refuses_endpoints_to_which_no_secret_should_go() {
    let plain = "http is accepted for this machine only; use https";
    let odd_host = "its host is missing or unusual";
    let characters = "it has characters that a URL cannot have";
    let blank = "it has a blank or a line break in it";
    let quotes = "it has quotes in it";
    let urls = [
        ("acme.my.salesforce.com", "it is not an https URL"),
        ("ftp://acme.my.salesforce.com", "its scheme is not https"),
        ("http://acme.my.salesforce.com", plain),
        ("http://localhost.example", plain),
        ("http://127.0.0.1.example", plain),
        ("http://0.0.0.0", plain),
        ("http://[::]", plain),
        ("https://user@acme.my.salesforce.com", "it has user info"),
        (
            "https://u:hunter2@acme.my.salesforce.com",
            "it has user info",
        ),
        ("https://acme.my.salesforce.com/#a", "it has a fragment"),
        ("https://acme.my.salesforce.com#", "it has a fragment"),
        ("https://", odd_host),
        ("https:///services/oauth2/token", odd_host),
        ("https://[acme]", odd_host),
        ("https://a%2e", odd_host),
        ("https://acme:port", "its port is not a number"),
        ("https://acme:0", "its port is not a number"),
        ("https://acme:65536", "its port is not a number"),
        ("https://acme /", blank),
        (" ", "it is not an https URL"),
        ("\"https://acme.my.salesforce.com\"", quotes),
        ("'https://acme.my.salesforce.com'", quotes),
        ("https://acme.my.salesforce.com\"", quotes),
        ("https://acme\\.my.salesforce.com", characters),
        ("https://ácme", characters),
        ("https://acme/\r\nHost: x", blank),
    ];
    for (url, why) in urls {
        let message = format!("invalid --token-endpoint: {why}");
        assert_usage(&call(["--token-endpoint", url]), &message, GIVE_HTTPS);
        let message = format!("invalid SFTOKEN_TOKEN_ENDPOINT: {why}");
        let case = call([]).env("SFTOKEN_TOKEN_ENDPOINT", url);
        assert_usage(&case, &message, GIVE_HTTPS);
    }
}

#[test]
fn accepts_endpoints_on_this_machine_without_tls_and_any_host_with_it() {
    let urls = [
        "http://localhost:8080/token",
        "http://127.0.0.1/token",
        "http://127.9.9.9/token",
        "http://[::1]:8080/token",
        "https://acme.example:8443/token?a=b",
        "https://[2001:db8::1]/token",
    ];
    for url in urls {
        with_file(dry_run(), DOCUMENT)
            .args(["--client-id", "a", FILE])
            .args(["--token-endpoint", url])
            .run()
            .code(0)
            .stdout("")
            .stderr(would_post(FILE, url));
    }
}

#[test]
fn refuses_standard_input_for_two_things_at_once() {
    let message = "FILE and --client-secret-file cannot both be -";
    let calls = [
        ["--client-secret-file", "-", "-"].as_slice(),
        &["-", "--client-secret-file=-"],
        &["--client-secret-file=-", "--", "-"],
    ];
    for args in calls {
        let case = Case::new().arg("refresh").args(args).stdin(DOCUMENT);
        assert_usage(&case, message, SEE_HELP);
    }
}

#[test]
fn refuses_text_that_is_not_utf8_where_text_is_needed() {
    let latin1 = OsStr::from_bytes(b"\xe4");
    let options = [
        "--client-id",
        "--token-endpoint",
        "--max-age",
        "--print",
        "--retries",
    ];
    for option in options {
        let message = format!("the value of {option} is not UTF-8");
        let case = call([]).args([OsStr::new(option), latin1]);
        assert_usage(&case, &message, SEE_HELP);
    }
    let variables = [
        "SFTOKEN_CLIENT_ID",
        "SFTOKEN_CLIENT_SECRET",
        "SFTOKEN_TOKEN_ENDPOINT",
        "https_proxy",
    ];
    for variable in variables {
        let message = format!("the value of {variable} is not UTF-8");
        assert_usage(&call([]).env(variable, latin1), &message, SEE_HELP);
    }
}

#[test]
fn takes_values_as_the_next_argument_and_behind_an_equals_sign() {
    let endpoint = Endpoint::https(granted());
    let ca = endpoint.ca_path().display().to_string();
    let url = endpoint.url();
    let values = ["a=b", "secret", &url, &ca, "1s", "token", "30", "0"];
    let pairs = || VALUE_OPTIONS.into_iter().zip(values);
    let apart: Vec<_> = pairs()
        .flat_map(|(key, value)| [key.into(), value.into()])
        .collect();
    let glued: Vec<_> = pairs()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    for args in [apart, glued] {
        with_file(Case::new(), DOCUMENT)
            .file("secret", "s3")
            .args(["refresh", FILE])
            .args(args)
            .run()
            .code(0)
            .stdout("00D!access-1\n")
            .stderr(summary(&endpoint))
            .file_is(FILE, REFRESHED);
    }
    let requests = endpoint.requests();
    let sent = requests
        .iter()
        .map(|it| (it.param("client_id"), it.param("client_secret")));
    assert_eq!(sent.collect::<Vec<_>>(), [(Some("a=b"), Some("s3")); 2]);
}

#[test]
fn takes_options_before_and_behind_file() {
    let endpoint = Endpoint::https(granted());
    refresh(&endpoint)
        .args(["-q", "--print", "token"])
        .run()
        .code(0)
        .stdout("00D!access-1\n")
        .stderr("");
}

#[test]
fn takes_short_flags_apart_and_together() {
    let endpoint = Endpoint::https(granted());
    for flags in [
        ["-n", "-q"].as_slice(),
        &["-nq"],
        &["-qn"],
        &["--dry-run", "-q"],
    ] {
        refresh(&endpoint)
            .args(flags)
            .run()
            .code(0)
            .stdout("")
            .stderr("")
            .file_is(FILE, DOCUMENT);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn takes_anything_behind_the_separator_as_file() {
    let endpoint = Endpoint::https(granted());
    for file in ["-n", "--help", "--print=json", "--"] {
        refresh_at(&endpoint)
            .file(file, DOCUMENT)
            .mode(file, 0o600)
            .args(["--", file])
            .run()
            .code(0)
            .stdout("")
            .stderr(format!(
                "sftoken: refreshed {file} at {}\n",
                endpoint.address()
            ))
            .file_is(file, REFRESHED);
    }
}

#[test]
fn takes_file_names_that_are_not_utf8() {
    let endpoint = Endpoint::https(granted());
    let (token, secret, ca) = (name(b"t\xff.json"), name(b"s\xff"), name(b"c\xff.pem"));
    let pem = fs::read(endpoint.ca_path()).unwrap();
    Case::new()
        .file(token, DOCUMENT)
        .mode(token, 0o600)
        .file(secret, "s3")
        .file(ca, pem)
        .args(["refresh", "--client-id", CLIENT_ID])
        .args(["--token-endpoint", &endpoint.url()])
        .args(["--client-secret-file".as_ref(), secret])
        .arg(OsStr::from_bytes(b"--cacert=c\xff.pem"))
        .arg(token)
        .run()
        .code(0)
        .stdout("")
        .stderr(format!(
            "sftoken: refreshed t\u{fffd}.json at {}\n",
            endpoint.address()
        ))
        .file_is(token, REFRESHED)
        .files_are([token, secret, ca]);
    assert_eq!(endpoint.only_request().param("client_secret"), Some("s3"));
}

#[test]
fn prints_its_help_wherever_that_is_asked_for() {
    let help = include_str!("../../src/help.txt");
    let calls: [&[&str]; 17] = [
        &["--help"],
        &["-h"],
        &["help"],
        &["help", "refresh"],
        &["help", "help"],
        &["-v"],
        &["--help", "a"],
        &["-V", "--help"],
        &["refresh", "--help"],
        &["refresh", "-h"],
        &["refresh", "a", "--help"],
        &["refresh", "--help", "a", "b"],
        &["refresh", "-h", "-q", "a"],
        &["refresh", "-nh", "a"],
        &["refresh", "--client-id", "-h", "a"],
        &["refresh", "--scope", "--help"],
        &["renew", "-h"],
    ];
    for args in calls {
        Case::new().args(args).run().code(0).stdout(help).stderr("");
    }
}

#[test]
fn prints_its_version() {
    let version = concat!("sftoken ", env!("SFTOKEN_VERSION"), "\n");
    for word in ["--version", "-V", "version"] {
        let outcome = Case::new().arg(word).run();
        outcome.code(0).stdout(version).stderr("");
    }
}
