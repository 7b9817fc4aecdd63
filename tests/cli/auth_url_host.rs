//! An auth URL keeps its own host, in the run that it is given to and in every later one.

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Case;
use crate::kit::proxy_to;
use crate::trusted_hosts::asked_through;

/// Refreshes an auth URL, saves what comes, refreshes that twice, and returns the hosts.
fn hosts_of_three_runs(auth_url: &str, reply: &str) -> [String; 3] {
    let mut document = auth_url.to_owned();
    [(); 3].map(|()| {
        let endpoint = Endpoint::https(Reply::json(200, reply));
        let proxy = proxy_to(&endpoint);
        let outcome = Case::new()
            .args(["refresh", "-"])
            .env("SSL_CERT_FILE", proxy.ca_path())
            .env("HTTPS_PROXY", proxy.origin())
            .stdin(document.as_str())
            .run()
            .code(0);
        document = outcome.stdout_text();
        asked_through(&proxy, &endpoint).0
    })
}

#[test]
fn an_auth_url_saved_and_refreshed_again_stays_at_its_host() {
    let url = |host| format!("force://id::5Aep@{host}");
    let id = r#""access_token":"a","id":"https://login.salesforce.com/id/1/2""#;
    let acme = "acme.my.salesforce.com";
    let replies = [
        (acme, format!("{{{id}}}")),
        (
            acme,
            format!(r#"{{{id},"instance_url":"https://{acme}/"}}"#),
        ),
        (acme, format!(r#"{{{id},"instance_url":null}}"#)),
        (
            acme,
            format!(r#"{{{id},"instance_url":"https://new.my.salesforce.com"}}"#),
        ),
        (
            acme,
            format!(r#"{{{id},"instance_url":"https://crm.example.com"}}"#),
        ),
        (
            "login.salesforce.com",
            format!(r#"{{{id},"instance_url":"https://{acme}"}}"#),
        ),
    ];
    for (host, reply) in replies {
        assert_eq!(
            hosts_of_three_runs(&url(host), &reply),
            [host; 3],
            "{reply}"
        );
    }
    let site = format!(
        r#"{{{id},"instance_url":"https://{acme}","sfdc_community_url":"https://acme.my.site.com/x"}}"#
    );
    let hosts = ["acme.my.site.com"; 3];
    assert_eq!(hosts_of_three_runs(&url(hosts[0]), &site), hosts);
}

#[test]
fn an_auth_url_at_another_host_than_the_instance_says_so_where_it_is_saved() {
    let endpoint = Endpoint::https(Reply::json(
        200,
        r#"{"access_token":"a","instance_url":"https://acme.my.salesforce.com"}"#,
    ));
    let proxy = proxy_to(&endpoint);
    Case::new()
        .args(["refresh", "-"])
        .env("SSL_CERT_FILE", proxy.ca_path())
        .env("HTTPS_PROXY", proxy.origin())
        .stdin("force://id::5Aep@login.salesforce.com")
        .run()
        .code(0)
        .stdout(
            r#"{
  "client_id": "id",
  "refresh_token": "5Aep",
  "instance_url": "https://acme.my.salesforce.com",
  "access_token": "a",
  "sfdc_community_url": "https://login.salesforce.com"
}
"#,
        );
}
