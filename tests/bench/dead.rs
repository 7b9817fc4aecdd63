//! A host with a dead address before a good one: what finding that out costs.
//!
//! The addresses come from a hosts file in a mount namespace of the run's own. An address is dead if
//! its listener accepts nobody and has no room for more: the kernel drops what comes, as a firewall
//! does.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::bounds::Bounds;
use crate::contender::{Contender, refresh_args, text};
use crate::documents::Folder;
use crate::server::{Endpoint, Reply};

/// The resolver puts those first that are nearest to `127.0.0.1`.
const DEAD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Where the endpoint is.
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 64);

/// Runs of each kind.
const ROUNDS: usize = 11;

/// How long the kernel waits for an answer that does not come, when a listener is filled.
const NO_ANSWER: Duration = Duration::from_millis(200);

/// The name of the bound.
const BOUND: &str = "a dead first address / s";

/// Puts a hosts file, the first argument, over the machine's.
const OWN_HOSTS: &str = "hosts=$1; shift; mount --bind \"$hosts\" /etc/hosts; exec \"$@\"";

/// Compares runs that know of the dead address with those that do not.
pub(crate) fn compare_addresses(sftoken: &Path, folder: &Folder, bounds: &mut Bounds) {
    if !can_mount() {
        return bounds.skip(BOUND, "this machine does not allow mounts (unshare -m)");
    }
    let endpoint = Endpoint::builder().at(GOOD).start(Reply::token("00D!dead"));
    let port = endpoint.address().port();
    let _listener = dead((DEAD, port).into());
    let mut contenders = [
        ("good", format!("{GOOD} localhost\n")),
        (
            "dead, then good",
            format!("{DEAD} localhost\n{GOOD} localhost\n"),
        ),
    ]
    .map(|(name, hosts)| {
        let hosts = folder.file(&format!("hosts-{}", hosts.lines().count()), &hosts);
        contender(name, &hosts, sftoken, folder, &endpoint)
    });
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::run);
    }
    println!("\n{:<24}{:>10}", "addresses", "wall/ms");
    for contender in &contenders {
        println!("{:<24}{:>10.2}", contender.name, contender.wall());
    }
    let [good, dead] = contenders.map(|it| it.wall());
    assert!(dead > good + 1.0, "the dead address was not tried");
    bounds.at_most(BOUND, (dead - good) / 1000.0, 0.5);
}

/// A run that sees no more of `localhost` than the hosts file says.
fn contender(
    name: &'static str,
    hosts: &Path,
    sftoken: &Path,
    folder: &Folder,
    endpoint: &Endpoint,
) -> Contender {
    let refresh = refresh_args(&folder.document(1), endpoint);
    let address = endpoint.address().to_string();
    let by_name = format!("localhost:{}", endpoint.address().port());
    let in_namespace = ["-m", "sh", "-euc", OWN_HOSTS, "sh"].map(str::to_owned);
    let args: Vec<String> = in_namespace
        .into_iter()
        .chain([text(hosts), text(sftoken)])
        .chain(refresh.iter().map(|it| it.replace(&address, &by_name)))
        .collect();
    Contender::new(name, Path::new("unshare"), &args, endpoint)
}

/// Whether mounts of one's own are allowed here.
fn can_mount() -> bool {
    let mut probe = Command::new("unshare");
    probe.args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]);
    let status = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A listener at an address, filled until the kernel drops what comes.
fn dead(address: SocketAddr) -> TcpListener {
    let listener = TcpListener::bind(address).unwrap();
    while TcpStream::connect_timeout(&address, NO_ANSWER).is_ok() {}
    listener
}
