//! Which host gets the secrets when the caller does not say: the one that the document names, if it is
//! Salesforce's, and no other.
//!
//! A proxy leads every host to one endpoint, so that the host that is really asked is seen.

use crate::endpoint::Endpoint;
use crate::harness::Outcome;
use crate::kit::{
    self, DOCUMENT, FILE, Failure, granted, proxy_to, refresh_by_proxy, with_file, would_post,
};

/// The members that name a host, with these values.
fn document(site: &str, instance: &str, id: &str) -> String {
    format!(
        r#"{{"refresh_token":"r","id":{id},"instance_url":{instance},"sfdc_community_url":{site}}}"#
    )
}

/// A dry run of a document, without an endpoint.
fn dry_run(document: &str) -> Outcome {
    let case = with_file(kit::dry_run(), document);
    case.args(["--client-id", "id", FILE]).run()
}

/// Expects that a document would be refreshed there.
#[track_caller]
fn assert_named(document: &str, url: &str) {
    let outcome = dry_run(document).code(0).stdout("");
    outcome.stderr(would_post(FILE, url)).files_are([FILE]);
}

/// Expects that the value of a member is refused, and nothing is sent.
#[track_caller]
fn assert_untrusted(member: &str, url: &str, host: &str, why: &str) {
    let document = format!(
        r#"{{"refresh_token":"r","id":"https://login.salesforce.com/id/1/2","{member}":"{url}"}}"#
    );
    let endpoint = Endpoint::https(granted());
    let proxy = proxy_to(&endpoint);
    let hint = match host {
        "no readable host" => "give the My Domain of the org as --token-endpoint".to_owned(),
        host => format!("if you trust that host, give --token-endpoint https://{host}"),
    };
    let message = format!("no token endpoint for {FILE}: {member} names {host}: {why}");
    Failure::new(64, &message, &hint)
        .of(refresh_by_proxy(&document, &proxy).run())
        .file_is(FILE, document);
    assert_eq!(proxy.connections(), 0);
}

/// The host and the request line of the only refresh through a proxy.
#[track_caller]
pub(crate) fn asked_through(proxy: &Endpoint, endpoint: &Endpoint) -> (String, String) {
    let request = endpoint.only_request();
    let host = request.header("Host").unwrap().to_owned();
    assert_eq!(
        proxy.only_request().line,
        format!("CONNECT {host}:443 HTTP/1.1")
    );
    (host, request.line)
}

#[test]
fn the_first_member_with_a_text_decides() {
    let site = r#""https://acme.my.site.com/partners""#;
    let instance = r#""https://acme.my.salesforce.com""#;
    let id = r#""https://test.salesforce.com/id/1/2""#;
    let documents = [
        (document(site, instance, id), "acme.my.site.com/partners"),
        (document("null", instance, id), "acme.my.salesforce.com"),
        (document("\"\"", instance, id), "acme.my.salesforce.com"),
        (document("[1]", instance, id), "acme.my.salesforce.com"),
        (document("\"\"", "null", id), "test.salesforce.com"),
        (document("\"\"", "12", "{}"), "login.salesforce.com"),
        (DOCUMENT.to_owned(), "login.salesforce.com"),
    ];
    for (document, place) in documents {
        assert_named(&document, &format!("https://{place}/services/oauth2/token"));
    }
}

#[test]
fn posts_to_no_other_host_than_the_document_names() {
    let documents = [
        (DOCUMENT.to_owned(), "login.salesforce.com", ""),
        (
            document("null", r#""https://acme.my.salesforce.com""#, "null"),
            "acme.my.salesforce.com",
            "",
        ),
        (
            document("null", r#""https://acme.my.sfcrmproducts.cn/x""#, "null"),
            "acme.my.sfcrmproducts.cn",
            "",
        ),
        (
            document("null", r#""https://gov.my.salesforce.mil""#, "null"),
            "gov.my.salesforce.mil",
            "",
        ),
        (
            document(r#""https://acme.my.site.com/a/b/""#, "null", "null"),
            "acme.my.site.com",
            "/a/b",
        ),
    ];
    for (document, host, site) in documents {
        let endpoint = Endpoint::https(granted());
        let proxy = proxy_to(&endpoint);
        let outcome = refresh_by_proxy(&document, &proxy).run();
        let summary = format!("sftoken: refreshed {FILE} at {host}\n");
        outcome.code(0).stdout("").stderr(summary);
        let line = format!("POST {site}/services/oauth2/token HTTP/1.1");
        assert_eq!(asked_through(&proxy, &endpoint), (host.to_owned(), line));
    }
}

#[test]
fn only_the_origin_counts_but_for_a_site() {
    let urls = [
        ("https://acme.my.salesforce.com/", "acme.my.salesforce.com"),
        (
            "HTTPS://ACME.My.Salesforce.Com/x?y",
            "acme.my.salesforce.com",
        ),
        (
            "https://acme.my.salesforce.com:8443",
            "acme.my.salesforce.com:8443",
        ),
        (
            "https://acme--dev.sandbox.my.salesforce.com",
            "acme--dev.sandbox.my.salesforce.com",
        ),
    ];
    for (url, place) in urls {
        let document = document("null", &format!("\"{url}\""), "null");
        assert_named(&document, &format!("https://{place}/services/oauth2/token"));
    }
    for url in [
        "https://acme.my.site.com/a?x",
        "https://acme.my.site.com/a//",
    ] {
        let document = document(&format!("\"{url}\""), "null", "null");
        assert_named(
            &document,
            "https://acme.my.site.com/a/services/oauth2/token",
        );
    }
}

#[test]
fn every_domain_of_salesforce_is_trusted_and_its_lookalikes_are_not() {
    for host in [
        "a.salesforce.com",
        "a.force.com",
        "a.cloudforce.com",
        "a.my.site.com",
        "a.my.salesforce-sites.com",
        "a.my.salesforce.mil",
        "a.crmforce.mil",
        "a.sfcrmproducts.cn",
        "a.sfcrmapps.cn",
    ] {
        let document = document("null", &format!("\"https://{host}\""), "null");
        assert_named(&document, &format!("https://{host}/services/oauth2/token"));
    }
    for host in [
        "crm.example.com",
        "salesforce.com",
        "evilsalesforce.com",
        "a.my-salesforce.com",
        "a.salesforce.com.evil.example",
        "a.site.com",
        "my.site.com",
        "a.salesforce-sites.com",
        "a.salesforce.cn",
        "a.salesforce.com.",
        "a..salesforce.com",
        "127.0.0.1",
        "[::1]",
    ] {
        let why = "that is no host of Salesforce";
        assert_untrusted("instance_url", &format!("https://{host}"), host, why);
    }
}

#[test]
fn what_is_no_https_url_is_refused_though_its_host_would_be_trusted() {
    let acme = "acme.my.salesforce.com";
    let no_url = "it is not an https URL";
    let local = "http is accepted for this machine only; use https";
    let characters = "it has characters that a URL cannot have";
    let blank = "it has a blank or a line break in it";
    let none = "no readable host";
    let urls = [
        ("acme.my.salesforce.com", acme, no_url),
        ("acme.my.salesforce.com:443/x", acme, no_url),
        ("//acme.my.salesforce.com", acme, no_url),
        ("acme.my.salesforce.com//x.example", acme, no_url),
        ("http://acme.my.salesforce.com", acme, local),
        ("http://localhost:1", "localhost", "its scheme is not https"),
        (
            "ftp://acme.my.salesforce.com",
            acme,
            "its scheme is not https",
        ),
        ("https://u@acme.my.salesforce.com", acme, "it has user info"),
        (
            "https://acme.my.salesforce.com@evil.example",
            "evil.example",
            "it has user info",
        ),
        (
            "https://acme.my.salesforce.com#x",
            acme,
            "it has a fragment",
        ),
        (
            "https://evil.example\\\\.salesforce.com",
            "evil.example",
            characters,
        ),
        (
            "https://evil.example\\\\@a.salesforce.com",
            "evil.example",
            characters,
        ),
        ("https://acme.my.salesforce.com ", none, blank),
        ("https://acme.my.salesforce.com\\u0007", none, characters),
        ("https://", none, "its host is missing or unusual"),
        (
            "https://acme.my.salesforce.com:x",
            none,
            "its port is not a number",
        ),
        ("none", none, no_url),
        (" ", none, blank),
        ("5Aep861.x.y", none, no_url),
    ];
    for (url, host, why) in urls {
        assert_untrusted("instance_url", url, host, why);
    }
    let foreign = "that is no host of Salesforce";
    assert_untrusted(
        "sfdc_community_url",
        "https://a.example/x",
        "a.example",
        foreign,
    );
    let document = r#"{"refresh_token":"r","id":"https://a.example/id/1/2"}"#;
    let message = format!("no token endpoint for {FILE}: id names a.example: {foreign}");
    let hint = "if you trust that host, give --token-endpoint https://a.example";
    Failure::new(64, &message, hint).of(dry_run(document));
}

#[test]
fn a_given_endpoint_needs_no_host_in_the_document() {
    let endpoint = Endpoint::http(granted());
    let document = document("null", r#""https://crm.example.com""#, "null");
    kit::refresh_file(document, &endpoint).run().code(0);
    endpoint.only_request();
}
