//! Names and addresses: those that lead nowhere, and those of which only one works.
//!
//! A name server is beyond loopback, so the unknown name here is one that no name server is asked
//! for: its first label is longer than any can be. What is said of it are glibc's words. Names with
//! several addresses come from an `/etc/hosts` of the run's own, and an address is dead if its
//! listener accepts nobody and has no room for more: the kernel drops what comes, as a firewall does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::endpoint::{Endpoint, Greeting};
use crate::harness::Case;
use crate::kit::{Failure, NOBODY, assert_refreshed, granted, host, refresh, refresh_url, with_ca};
use crate::proxies::Socks;
use crate::rights::with_mounts;

/// Puts the run's own files over those that say what a name means.
const OWN_NAMES: &str = "mount --bind hosts /etc/hosts; mount --bind host.conf /etc/host.conf; \
                         mount --bind nsswitch.conf /etc/nsswitch.conf; exec \"$@\"";

/// How long the kernel waits for an answer that does not come, when a listener is filled.
const NO_ANSWER: Duration = Duration::from_millis(200);

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

/// The run sees no more of `localhost` than these addresses. None where mounting is not allowed.
fn with_addresses(case: Case, addresses: &[IpAddr]) -> Option<Case> {
    let lines = addresses
        .iter()
        .map(|address| format!("{address} localhost\n"));
    let case = case
        .file("hosts", lines.collect::<String>())
        .file("host.conf", "multi on\n")
        .file("nsswitch.conf", "hosts: files\n");
    with_mounts(case, OWN_NAMES)
}

/// A listener at an address, filled until the kernel drops what comes.
fn dead(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    while TcpStream::connect_timeout(&address, NO_ANSWER).is_ok() {}
    listener
}

/// A host with a dead address or more is refreshed at before the deadline that the run is given.
#[track_caller]
fn check_dead(good: IpAddr, dead_ones: &[IpAddr]) {
    let endpoint = Endpoint::builder().at(good).start(granted());
    let port = endpoint.address().port();
    let fill = |address: IpAddr| thread::spawn(move || dead((address, port).into()));
    let filling: Vec<_> = dead_ones.iter().copied().map(fill).collect();
    let listeners = filling.into_iter().map(thread::JoinHandle::join);
    let listeners: Vec<TcpListener> = listeners.map(Result::unwrap).collect();
    let case = with_ca(&endpoint, refresh_url(&format!("https://localhost:{port}")));
    // Half a second for the dead ones; the rest is for a loaded machine.
    let case = case.args(["--timeout", "2s", "--retries", "0"]);
    let all: Vec<IpAddr> = dead_ones.iter().copied().chain([good]).collect();
    let Some(case) = with_addresses(case, &all) else {
        return;
    };
    let outcome = case.run();
    outcome.code(0).stdout("").stderr(format!(
        "sftoken: refreshed token.json at localhost:{port}\n"
    ));
    drop(listeners);
}

#[test]
fn a_dead_address_costs_little_in_either_family() {
    let (v4, v6) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    check_dead(v4, &[v6]);
    check_dead(v6, &[v4]);
}

#[test]
fn a_host_whose_addresses_are_all_dead_is_given_up_at_the_deadline() {
    let loopback = |last: u8| Ipv4Addr::new(127, 0, 0, last);
    let first = dead((loopback(1), 0).into());
    let port = first.local_addr().unwrap().port();
    let second = dead((loopback(2), port).into());
    let check = |name: &str, addresses: &[u8]| {
        let name = format!("{name}:{port}");
        let case = refresh_url(&format!("https://{name}"));
        let case = case.args(["--timeout", "1s"]);
        let addresses: Vec<IpAddr> = addresses.iter().map(|it| loopback(*it).into()).collect();
        let Some(case) = with_addresses(case, &addresses) else {
            return;
        };
        let Failure { code, stderr } = Failure::unreachable(&name, "timed out");
        case.run().code(code).stdout("").stderr(stderr);
    };
    check("127.0.0.1", &[]);
    check("localhost", &[1, 2]);
    drop((first, second));
}

#[test]
fn many_dead_addresses_cost_no_more_than_one() {
    // The resolver puts those first that are nearest to 127.0.0.1, so the last is the good one.
    let address = |last: u8| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last));
    let dead: Vec<IpAddr> = (2..10).map(address).collect();
    check_dead(address(64), &dead);
}

#[test]
fn a_dead_address_of_a_socks_proxy_costs_no_more() {
    let endpoint = Endpoint::https(granted());
    let socks = Socks::to(endpoint.address());
    let port = socks.address.port();
    let listener = dead((Ipv6Addr::LOCALHOST, port).into());
    let name = format!("localhost:{}", endpoint.address().port());
    let case = with_ca(&endpoint, refresh_url(&format!("https://{name}")));
    let case = case.env("ALL_PROXY", format!("socks5h://localhost:{port}"));
    let addresses = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    let case = case.args(["--timeout", "2s", "--retries", "0"]);
    let Some(case) = with_addresses(case, &addresses) else {
        return;
    };
    let said = format!("sftoken: refreshed token.json at {name}\n");
    case.run().code(0).stdout("").stderr(said);
    drop(listener);
}

#[test]
fn plain_http_on_localhost_stays_on_this_machine() {
    let endpoint = Endpoint::http(granted());
    let name = format!("localhost:{}", endpoint.address().port());
    // Of a network for documentation (RFC 5737), where nobody is.
    let elsewhere = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let case = refresh_url(&format!("http://{name}"));
    let Some(case) = with_addresses(case.args(["--timeout", "2s"]), &[elsewhere]) else {
        return;
    };
    let said = format!("sftoken: refreshed token.json at {name}\n");
    case.run().code(0).stdout("").stderr(said);
    endpoint.only_request();
}

#[test]
fn what_localhost_means_for_https_is_the_resolvers_business() {
    let endpoint = Endpoint::https(granted());
    let name = format!("localhost:{}", endpoint.address().port());
    let case = with_ca(&endpoint, refresh_url(&format!("https://{name}")));
    let nobody = [77, 78].map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last)));
    // The harness kills a run that waits for its deadline.
    let case = case.args(["--timeout", "1h", "--retries", "0"]);
    let Some(case) = with_addresses(case, &nobody) else {
        return;
    };
    let Failure { code, stderr } = Failure::unreachable(&name, "connection refused");
    case.run().code(code).stdout("").stderr(stderr);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_handshake_that_does_not_end_is_given_up_long_before_the_deadline() {
    let greetings = [Greeting::Silence, Greeting::Serve];
    let builder = Endpoint::builder().greetings(greetings);
    let endpoint = builder.start(granted());
    let start = Instant::now();
    // The harness kills a run that waits for its deadline.
    let outcome = refresh(&endpoint).args(["--timeout", "1h"]).run();
    assert_refreshed(outcome, &host(&endpoint));
    assert!(start.elapsed() >= Duration::from_secs(10));
    assert_eq!(endpoint.connections(), 2);
}
