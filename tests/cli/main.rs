//! Tests of the real binary against a scripted endpoint on loopback.
//!
//! One test binary, since linking one is faster than linking many, and each file holds the tests
//! of one promise.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

// How a test runs the binary.
mod harness;
// What most of those tests start from, and what they expect.
mod kit;
// A login as a person makes it.
mod login_kit;
// Users, mounts, and files on the disk.
mod rights;
// What must not appear on standard error.
mod secrets;
// Chance that is the same in every run.
mod seeded;
// What the binary talks to.
#[path = "../endpoint/server.rs"]
mod endpoint;

// The endpoint itself: what the other tests rely on.
mod endpoint_works;
// The endpoint as what a login is made at.
mod endpoint_logs_in;

// Every reply and its class.
mod replies;
// Replies that are of no use and may hold a token.
mod lost_replies;
// What has to be left of one.
mod kept_reply;
// The hints that find the cause.
mod hints;
// The words of servers.
mod server_words;
// Replies to which anything may have happened.
mod fuzz;
// What happens to them.
#[path = "../mutations.rs"]
mod mutations;
// When the token may be sent again.
mod retrying;
// Servers that waste time.
mod deadlines;
// Servers that point elsewhere.
mod redirects;
// Servers between here and there.
mod proxies;
// Whom the endpoint's certificate has to come from.
mod ca_files;
// Names and addresses.
mod hosts;
// TLS with too little in common.
mod handshakes;
// What a proxy says in place of a tunnel, and TLS with the proxy itself.
mod proxy_answers;

// The main job, from a real document to the document afterwards.
mod main_job;
// The command line: every usage error, and all that is accepted.
mod arguments;
// Nearly right arguments, and what is said about them.
mod typos;
// Secrets where something else belongs.
mod misplaced;
// Pipes and directories where files belong.
mod inputs;
// Where each value comes from, and how it is encoded.
mod values;
// Which host a document may name.
mod trusted_hosts;
// That it stays the host of an auth URL.
mod auth_url_host;
// White space around ids, secrets and tokens.
mod pasted;
// What is kept of a document, and what is none.
mod documents;
// The auth URL of the Salesforce CLI on standard input.
mod auth_url;
// What people take for a document, and is none.
mod no_document;
// What a reply must not make of a document.
mod readable;
// That random documents lose nothing.
mod survival;
// Which tokens are young enough to be kept.
mod freshness;
// Who is trusted to receive the secrets.
mod certificates;
// Standard output, standard error, and what never appears there.
mod printing;
// One refresher at a time.
mod locking;
// Mode, owner and place are kept, and new tokens are never lost.
mod saving;
// Which files are replaced and which are written in place.
mod places;
// Programs that know no lock.
mod editors;
// What an interrupted run left is finished, what somebody planted is not.
mod recovery;
// What a run must not take for its own, and what it may clear away.
mod leftovers;
// The same where no pending file can lie beside FILE.
mod shelter;
// The first file, from a browser anywhere.
mod login_works;
// The command that a login ends with.
mod login_next;
// What to do about a login that fails.
mod login_hints;
// Logins that bring nothing.
mod login_fails;
// Logins that end early.
mod login_interrupted;
// A file that a login makes.
mod login_new_file;

// Rules that the repository keeps for itself.
mod repository;
// The example, the messages and the links of the README and its pages.
mod readme;
// The man page and the completions against the help.
mod manual;
// The licences of the crates that are linked in.
mod notices;
// The commit in the version.
mod version;
// A cancelled job.
mod signals;
