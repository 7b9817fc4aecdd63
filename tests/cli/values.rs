//! Where each value of a request comes from: option, environment, member of the document, default.
//!
//! The first one present wins, and an empty variable counts as absent. A wrong order here would
//! send one org's secrets to another org's endpoint, so every pair of neighbours is tried.

use crate::endpoint::{Endpoint, Request};
use crate::harness::Case;
use crate::kit::{
    self, DOCUMENT, FILE, Failure, granted, proxy_to, refresh, refresh_at, refresh_by_proxy,
    refresh_file, with_file, would_post,
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
             the consumer key of the connected app that logged in\n",
        );
    }
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
fn drops_one_newline_at_the_end_of_the_client_secret() {
    let secrets = [
        ("s3", "s3"),
        ("s3\n", "s3"),
        ("s3\r\n", "s3"),
        ("s3\n\n", "s3\n"),
        ("s3\r", "s3\r"),
        (" s 3 ", " s 3 "),
        ("\ns3", "\ns3"),
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
    let files: [(&[u8], &str); 4] = [
        (b"", "the client secret in it is empty"),
        (b"\n", "the client secret in it is empty"),
        (b"s\xff", "it is not UTF-8"),
        (large.as_bytes(), "it is larger than 64 KiB"),
    ];
    for (content, why) in files {
        let case = refresh(&endpoint).file("secret", content);
        let outcome = case.args(["--client-secret-file", "secret"]).run();
        Failure::unreadable("secret", why).of(outcome);
        let case = refresh(&endpoint).stdin(content);
        let outcome = case.args(["--client-secret-file", "-"]).run();
        Failure::unreadable("standard input", why).of(outcome);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn refuses_client_secret_files_that_cannot_be_read() {
    let endpoint = Endpoint::http(granted());
    for (path, why) in [
        (".", "is a directory"),
        ("none", "no such file or directory"),
    ] {
        let case = refresh(&endpoint);
        let outcome = case.args(["--client-secret-file", path]).run();
        Failure::unreadable(path, why).of(outcome);
    }
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
    let endpoint = Endpoint::http(granted());
    let url = format!("{}/a/b?c=d&e=%20", endpoint.origin());
    let case =
        without_client(DOCUMENT, &endpoint).args(["--client-id", "id", "--token-endpoint", &url]);
    let request = sent(&case, &endpoint);
    assert_eq!(request.line, "POST /a/b?c=d&e=%20 HTTP/1.1");
}

#[test]
fn takes_the_endpoint_from_id_and_instance_url_only_if_they_are_of_salesforce() {
    let (login, test) = (
        "https://login.salesforce.com",
        "https://test.salesforce.com",
    );
    let acme = "https://acme.my.salesforce.com";
    let documents = [
        ("https://login.salesforce.com/id/1/2", acme, login),
        ("https://test.salesforce.com/id/1/2", acme, test),
        ("https://TEST.Salesforce.Com/id/1/2", acme, test),
        ("https://acme.my.salesforce.com/id/1/2", acme, acme),
        ("https://evil.example/id/1/2", acme, acme),
        ("https://test.salesforce.com.evil.example/id", acme, acme),
        ("https://evil.example/test.salesforce.com", acme, acme),
        ("https://test.salesforce.com@evil.example/id", acme, acme),
        ("https://evil.example#.salesforce.com", acme, acme),
        ("https://evil.example\\\\.salesforce.com", acme, acme),
        ("http://test.salesforce.com/id/1/2", acme, acme),
        ("test.salesforce.com", acme, acme),
        ("", acme, acme),
        (
            "",
            "https://acme--dev.sandbox.my.salesforce.com/x?y",
            "https://acme--dev.sandbox.my.salesforce.com",
        ),
        ("", "https://evil.example", login),
        ("", "https://evilsalesforce.com", login),
        ("", "https://salesforce.com.evil.example", login),
        ("", "https://acme.my.salesforce.com@evil.example", login),
        ("", "https://evil.example/.salesforce.com", login),
        ("", "https://evil.example?.salesforce.com", login),
        ("", "http://acme.my.salesforce.com", login),
        ("", "http://127.0.0.1:8080", login),
        ("", "", login),
    ];
    for (id, instance_url, origin) in documents {
        let document =
            format!(r#"{{"refresh_token":"r","id":"{id}","instance_url":"{instance_url}"}}"#);
        let url = format!("{origin}/services/oauth2/token");
        assert_would_post_to(&dry_run(&document), &url);
    }
}

#[test]
fn posts_to_no_other_host_than_the_document_names() {
    let documents = [
        (WITHOUT_CLIENT, "login.salesforce.com"),
        (
            r#"{"refresh_token":"r","instance_url":"https://acme.my.salesforce.com"}"#,
            "acme.my.salesforce.com",
        ),
    ];
    for (document, host) in documents {
        let endpoint = Endpoint::https(granted());
        let proxy = proxy_to(&endpoint);
        let outcome = refresh_by_proxy(document, &proxy).run();
        let summary = format!("sftoken: refreshed {FILE} at {host}\n");
        outcome.code(0).stdout("").stderr(summary);
        let asked = format!("CONNECT {host}:443 HTTP/1.1");
        assert_eq!(proxy.only_request().line, asked);
        let request = endpoint.only_request();
        assert_eq!(request.header("Host"), Some(host));
        assert_eq!(request.line, "POST /services/oauth2/token HTTP/1.1");
    }
}

#[test]
fn takes_the_usual_endpoint_where_id_and_instance_url_are_no_text() {
    let documents = [
        DOCUMENT,
        r#"{"refresh_token":"r","id":1,"instance_url":["https://a"]}"#,
    ];
    for document in documents {
        let url = "https://login.salesforce.com/services/oauth2/token";
        assert_would_post_to(&dry_run(document), url);
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
    let document = r#"{"refresh_token":"r+&=% é😀","client_id":"c+&=% ~*-._é","client_secret":"s+&=%\"\\\t\u0000ÿ"}"#;
    let request = sent(&without_client(document, &endpoint), &endpoint);
    let expected = concat!(
        "grant_type=refresh_token",
        "&client_id=c%2B%26%3D%25+%7E*-._%C3%A9",
        "&client_secret=s%2B%26%3D%25%22%5C%09%00%C3%BF",
        "&refresh_token=r%2B%26%3D%25+%C3%A9%F0%9F%98%80",
    );
    assert_eq!(String::from_utf8(request.body).unwrap(), expected);
}
