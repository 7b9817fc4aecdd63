//! Names and addresses: those that lead nowhere, and those of which only one works.
//!
//! A name server is beyond loopback, so the unknown name here is one that no name server is asked
//! for: its first label is longer than any can be. What is said of it are glibc's words.

use crate::endpoint::Endpoint;
use crate::kit::{Failure, NOBODY, assert_refreshed, granted, host, refresh, refresh_url, with_ca};

#[test]
fn a_name_without_an_address_is_unreachable() {
    let name = format!("{}.invalid", "x".repeat(64));
    let case = refresh_url(&format!("https://{name}"));
    let outcome = case.args(["--retries", "0"]).run();
    Failure::unreachable(&name, "name or service not known").check(outcome);
}

#[test]
fn a_port_at_which_nobody_listens_is_unreachable() {
    let case = refresh_url(&format!("https://{NOBODY}"));
    let outcome = case.args(["--retries", "0"]).run();
    Failure::unreachable(NOBODY, "connection refused").check(outcome);
}

#[test]
fn an_endpoint_on_ipv6_alone_is_reached() {
    let endpoint = Endpoint::builder().ipv6().start(granted());
    let outcome = refresh(&endpoint).run();
    let port = endpoint.address().port();
    assert_refreshed(outcome, &format!("[::1]:{port}"));
    let request = endpoint.only_request();
    assert_eq!(request.header("Host"), Some(host(&endpoint).as_str()));
}

#[test]
fn a_name_is_reached_though_only_one_of_its_addresses_answers() {
    let endpoint = Endpoint::https(granted());
    let name = format!("localhost:{}", endpoint.address().port());
    let case = with_ca(&endpoint, refresh_url(&format!("https://{name}")));
    assert_refreshed(case.args(["--retries", "0"]).run(), &name);
    endpoint.only_request();
}
