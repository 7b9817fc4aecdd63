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
// Users, mounts, and files on the disk.
mod rights;
// What must not appear on standard error.
mod secrets;
// What the binary talks to.
#[path = "../endpoint/server.rs"]
mod endpoint;

// The endpoint itself: what the other tests rely on.
mod endpoint_works;

// Every reply and its class.
mod replies;
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

// The main job, from a real document to the document afterwards.
mod main_job;
// The command line: every usage error, and all that is accepted.
mod arguments;
// Where each value comes from, and how it is encoded.
mod values;
// What is kept of a document, and what is none.
mod documents;
// The auth URL of the Salesforce CLI on standard input.
mod auth_url;
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

// Rules that the repository keeps for itself.
mod repository;
// The example of the README.
mod readme;
// The man page and the completions against the help.
mod manual;
// A cancelled job.
mod signals;
