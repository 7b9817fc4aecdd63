//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins, and an empty variable counts as absent. A wrong order here would
//! send one org's secrets to another org's endpoint, so every pair of neighbours is tried.

use crate::endpoint::{Endpoint, Request};
use crate::harness::Case;
use crate::kit::{
    self, DOCUMENT, FILE, Failure, granted, refresh, refresh_at, refresh_file, with_file,
    would_post,
};

/// A document with a client of its own.
const WITH_CLIENT: &str =
    r#"{"refresh_token":"r","client_id":"member","client_secret":"member secret"}"#;

/// A document without a client.
const WITHOUT_CLIENT: &str = r#"{"refresh_token":"r"}"#;

/// `sftoken refresh FILE` with an endpoint but no client.
fn without_client(document: &str, endpoint: &Endpoint) -> Case {
    with_file(Case::new(), document)
        .args(["refresh", FILE])
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
}

/// The only request of a run that succeeds.
#[track_caller]
fn sent(case: &Case, endpoint: &Endpoint) -> Request {
    case.run().code(0);
    endpoint.only_request()
}

/// A dry run with a document and without an endpoint.
fn dry_run(document: &str) -> Case {
    with_file(kit::dry_run(), document).args(["--client-id", "id", FILE])
}

/// Expects a dry run that would send the form of a public client to this URL.
#[track_caller]
fn assert_would_post_to(case: &Case, url: &str) {
    case.run()
        .code(0)
        .stdout("")
        .stderr(would_post(FILE, url))
        .files_are([FILE]);
}

#[test]
fn takes_the_client_id_from_option_then_environment_then_document() {
    let option = ["--client-id", "option"].as_slice();
    let calls = [
        (option, "environment", WITH_CLIENT, "option"),
        (option, "", WITHOUT_CLIENT, "option"),
        (&[], "environment", WITH_CLIENT, "environment"),
        (&[], "environment", WITHOUT_CLIENT, "environment"),
        (&[], "", WITH_CLIENT, "member"),
    ];
    for (args, variable, document, expected) in calls {
        let endpoint = Endpoint::http(granted());
        let case = without_client(document, &endpoint).args(args);
        let request = sent(&case.env("SFTOKEN_CLIENT_ID", variable), &endpoint);
        assert_eq!(request.param("client_id"), Some(expected));
    }
}

#[test]
fn asks_for_a_client_id_where_all_are_absent_empty_or_no_text() {
    let endpoint = Endpoint::http(granted());
    let documents = [
        WITHOUT_CLIENT,
        r#"{"refresh_token":"r","client_id":""}"#,
        r#"{"refresh_token":"r","client_id":null}"#,
        r#"{"refresh_token":"r","client_id":12}"#,
    ];
    for document in documents {
        let case = without_client(document, &endpoint).env("SFTOKEN_CLIENT_ID", "");
        case.run().code(64).stdout("").stderr(
            "sftoken: no client id for token.json\n\
             hint: give --client-id or SFTOKEN_CLIENT_ID: \
             the consumer key of the app that logged in\n",
        );
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn white_space_around_an_id_or_a_secret_is_no_part_of_it() {
    let pasted = "\u{a0} \r\n\tp asted\r\n\n ";
    let cases = [
        ("--client-id", [pasted, ""], "p asted", "member secret"),
        ("", [pasted, ""], "p asted", "member secret"),
        ("", [" \n", pasted], "member", "p asted"),
        ("", ["\n", "\r\n"], "member", "member secret"),
    ];
    for (option, [id, secret], client_id, client_secret) in cases {
        let endpoint = Endpoint::http(granted());
        let case = without_client(WITH_CLIENT, &endpoint).env("SFTOKEN_CLIENT_SECRET", secret);
        let case = match option {
            "" => case.env("SFTOKEN_CLIENT_ID", id),
            option => case.args([option, id]),
        };
        let request = sent(&case, &endpoint);
        assert_eq!(request.param("client_id"), Some(client_id));
        assert_eq!(request.param("client_secret"), Some(client_secret));
    }
}

#[test]
fn refuses_an_id_or_a_secret_that_nobody_can_see() {
    let endpoint = Endpoint::http(granted());
    let refused = |case: Case, message: &str, hint: &str| {
        let stderr = format!("sftoken: {message}\nhint: {hint}\n");
        case.run().code(64).stdout("").stderr(stderr);
    };
    let case = || without_client(WITH_CLIENT, &endpoint);
    for value in [
        "a\nb",
        "a\tb",
        "a\u{1b}[0m",
        "a\u{200b}",
        "\u{202e}a",
        "a\u{85}b",
    ] {
        let message = |name| format!("invalid {name}: it has control characters or invisible ones");
        let hint = "give it as one line of visible characters";
        let option = case().args(["--client-id", value]);
        refused(option, &message("--client-id"), hint);
        for variable in ["SFTOKEN_CLIENT_ID", "SFTOKEN_CLIENT_SECRET"] {
            refused(case().env(variable, value), &message(variable), hint);
        }
    }
    let blank = case().args(["--client-id", " \t"]);
    refused(
        blank,
        "the value of --client-id is empty",
        "see sftoken --help",
    );
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn takes_the_client_secret_from_file_then_environment_then_document() {
    let option = ["--client-secret-file", "secret"].as_slice();
    let calls = [
        (option, "environment", WITH_CLIENT, Some("option")),
        (option, "", WITHOUT_CLIENT, Some("option")),
        (&[], "environment", WITH_CLIENT, Some("environment")),
        (&[], "environment", WITHOUT_CLIENT, Some("environment")),
        (&[], "", WITH_CLIENT, Some("member secret")),
        (&[], "", WITHOUT_CLIENT, None),
    ];
    for (args, variable, document, expected) in calls {
        let endpoint = Endpoint::http(granted());
        let case = without_client(document, &endpoint)
            .args(args)
            .file("secret", "option");
        let case = case.env("SFTOKEN_CLIENT_SECRET", variable);
        let request = sent(&case.args(["--client-id", "id"]), &endpoint);
        assert_eq!(request.param("client_secret"), expected);
    }
}

#[test]
fn sends_no_client_secret_for_a_member_that_is_empty_or_no_text() {
    for member in [r#""""#, "null", "12", r#"["s"]"#] {
        let endpoint = Endpoint::http(granted());
        let document = format!(r#"{{"refresh_token":"r","client_secret":{member}}}"#);
        let request = sent(&refresh_file(document, &endpoint), &endpoint);
        assert_eq!(request.param("client_secret"), None, "{member}");
    }
}

#[test]
fn the_client_secret_in_a_file_has_no_white_space_around_it() {
    let secrets = [
        ("s3", "s3"),
        ("s3\n", "s3"),
        ("s3\r\n", "s3"),
        ("s3\n\n", "s3"),
        ("\u{feff}s3\r\n", "s3"),
        (" s 3\t", "s 3"),
        ("\ns3", "s3"),
    ];
    for (content, expected) in secrets {
        let endpoint = Endpoint::http(granted());
        let case = refresh(&endpoint).file("secret", content);
        let request = sent(&case.args(["--client-secret-file", "secret"]), &endpoint);
        assert_eq!(request.param("client_secret"), Some(expected));
        let endpoint = Endpoint::http(granted());
        let case = refresh(&endpoint).stdin(content);
        let request = sent(&case.args(["--client-secret-file", "-"]), &endpoint);
        assert_eq!(request.param("client_secret"), Some(expected));
    }
}

#[test]
fn refuses_client_secret_files_that_hold_none() {
    let endpoint = Endpoint::http(granted());
    let large = "s".repeat(64 * 1024 + 1);
    let empty = (
        "the client secret in it is empty",
        "write the secret into it; is the variable set that it is made of?",
    );
    let check = "check the path and its permissions";
    let files: [(&[u8], (&str, &str)); 4] = [
        (b"", empty),
        (b" \r\n", empty),
        (b"s\xff", ("it is not UTF-8", check)),
        (large.as_bytes(), ("it is larger than 64 KiB", check)),
    ];
    for (content, (why, hint)) in files {
        let unreadable = |name: &str| Failure::new(66, &format!("cannot read {name}: {why}"), hint);
        let case = refresh(&endpoint).file("secret", content);
        let outcome = case.args(["--client-secret-file", "secret"]).run();
        unreadable("secret").of(outcome);
        let case = refresh(&endpoint).stdin(content);
        let outcome = case.args(["--client-secret-file", "-"]).run();
        unreadable("standard input").of(outcome);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn refuses_client_secret_files_of_more_than_one_line() {
    let endpoint = Endpoint::http(granted());
    let case = refresh(&endpoint).file("secret", "s3\ns4\n");
    let message = "cannot read secret: it has control characters or invisible ones";
    let hint = "give a file with the client secret alone, in one line";
    Failure::new(66, message, hint).of(case.args(["--client-secret-file", "secret"]).run());
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn refuses_a_directory_as_client_secret_file() {
    let endpoint = Endpoint::http(granted());
    let case = refresh(&endpoint).args(["--client-secret-file", "."]);
    Failure::unreadable(".", "is a directory").of(case.run());
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn takes_the_endpoint_from_option_then_environment() {
    let [right, wrong] = [(); 2].map(|()| Endpoint::http(granted()));
    let document = r#"{"refresh_token":"r","id":"https://login.salesforce.com/id/1/2"}"#;
    refresh_file(document, &right)
        .env("SFTOKEN_TOKEN_ENDPOINT", wrong.url())
        .run()
        .code(0);
    without_client(document, &right)
        .args(["--client-id", "id"])
        .run()
        .code(0);
    assert_eq!((right.connections(), wrong.connections()), (2, 0));
}

#[test]
fn takes_the_endpoint_from_the_document_where_neither_is_present() {
    let case = dry_run(r#"{"refresh_token":"r","id":"https://test.salesforce.com/id/1/2"}"#);
    let case = case.env("SFTOKEN_TOKEN_ENDPOINT", "");
    assert_would_post_to(&case, "https://test.salesforce.com/services/oauth2/token");
}

#[test]
fn adds_the_usual_path_to_an_endpoint_without_one() {
    let urls = [
        ("https://acme.my.salesforce.com", "/services/oauth2/token"),
        ("https://acme.my.salesforce.com/", "/services/oauth2/token"),
        ("https://ACME.my.salesforce.com/t", "/t"),
        ("https://acme.my.salesforce.com/t/", "/t/"),
        (
            "https://acme.my.salesforce.com?a=b",
            "/services/oauth2/token?a=b",
        ),
        ("HTTPS://acme.my.salesforce.com/t?a=b", "/t?a=b"),
    ];
    for (url, path) in urls {
        let case = dry_run(DOCUMENT).args(["--token-endpoint", url]);
        assert_would_post_to(&case, &format!("https://acme.my.salesforce.com{path}"));
    }
}

#[test]
fn posts_to_the_path_and_query_that_the_endpoint_names() {
    for target in [
        "/a/b?c=d&e=%20".to_owned(),
        format!("/{}", "x".repeat(60_000)),
    ] {
        let endpoint = Endpoint::http(granted());
        let url = format!("{}{target}", endpoint.origin());
        let case = without_client(DOCUMENT, &endpoint);
        let case = case.args(["--client-id", "id", "--token-endpoint", &url]);
        let request = sent(&case, &endpoint);
        assert_eq!(request.line, format!("POST {target} HTTP/1.1"));
    }
}

#[test]
fn a_dry_run_names_the_client_secret_but_sends_and_changes_nothing() {
    let endpoint = Endpoint::http(granted());
    refresh_at(&endpoint)
        .args(["--print", "json", "--dry-run", "-"])
        .env("SFTOKEN_CLIENT_SECRET", "s3")
        .stdin(DOCUMENT)
        .run()
        .code(0)
        .stdout("")
        .stderr(format!(
            "sftoken: dry run: would refresh standard input: \
             POST grant_type, client_id, client_secret, refresh_token to {}\n",
            endpoint.url()
        ));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn encodes_every_parameter_as_a_form_does() {
    let endpoint = Endpoint::http(granted());
    let document =
        r#"{"refresh_token":"r+&=% é😀","client_id":"c+&=% ~*-._é","client_secret":"s+&=%\"\\ÿ"}"#;
    let request = sent(&without_client(document, &endpoint), &endpoint);
    let expected = concat!(
        "grant_type=refresh_token",
        "&client_id=c%2B%26%3D%25+%7E*-._%C3%A9",
        "&client_secret=s%2B%26%3D%25%22%5C%C3%BF",
        "&refresh_token=r%2B%26%3D%25+%C3%A9%F0%9F%98%80",
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
}
