//! Many processes on one file: all but one wait, and then use what that one got.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Instant;

use crate::bounds::{Bounds, count};
use crate::contender::{quiet, refresh_args, text};
use crate::documents::Folder;
use crate::server::{Endpoint, Gate, Reply, Request};

/// Processes on one file.
const PROCESSES: usize = 200;

/// Starts them; the first gets its reply when all others wait.
pub(crate) fn start_together(sftoken: &Path, folder: &Folder, bounds: &mut Bounds) {
    let gate = Gate::new();
    let endpoint = Endpoint::builder().tls13().start({
        let gate = gate.clone();
        move |_: &Request| Reply::token("00D!together").after(&gate)
    });
    let args = refresh_args(&folder.document(1), &endpoint);
    let command: Vec<String> = [text(sftoken)]
        .into_iter()
        .chain(args)
        .chain(["-v".to_owned()])
        .collect();
    let mut children: Vec<Child> = (0..PROCESSES)
        .map(|_| quiet(&command, &[]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    children.iter_mut().for_each(wait_until_it_waits);
    let start = Instant::now();
    gate.open();
    let succeeded = |mut child: Child| child.wait().unwrap().success();
    let failed = PROCESSES - children.into_iter().map(succeeded).filter(|ok| *ok).count();
    let (requests, millis) = (endpoint.requests().len(), start.elapsed().as_millis());
    println!(
        "\n{PROCESSES} processes on one file: {requests} request, {failed} failed, the last ended {millis} ms after the reply"
    );
    bounds.at_most("requests of 200 processes", count(requests), 1.0);
    bounds.at_most("failures of 200 processes", count(failed), 0.0);
}

/// Reads what a process says until it waits for the lock or for the reply.
fn wait_until_it_waits(child: &mut Child) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = |line: &str| line.contains("waiting") || line.contains("POST");
    assert!(lines.map(Result::unwrap).any(|line| waits(&line)));
}
