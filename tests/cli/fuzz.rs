//! Whatever happens to a reply on its way, the refresh token in it survives the real binary.
//!
//! Many more mutations are tried without one, beside the code that sorts replies.

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Outcome;
use crate::kit::{DOCUMENT, FILE, refresh, refresh_stdin};
use crate::mutations::{ROTATED, Random, contains, is_mere_text, mutated};
use crate::rights::{files_in, with_tmp};
use crate::secrets::assert_shows_none;

/// As many as take about a second.
const SEEDS: Range<u64> = 1_000_000..1_000_080;

/// Whether the token is in FILE, on standard output, or in a file that standard error names.
fn survives(outcome: &Outcome) -> bool {
    let said = outcome.stderr_text();
    let is_named = |path: &Path| said.contains(&path.display().to_string());
    let kept = files_in(&outcome.path("tmp"));
    let named = kept.iter().filter(|path| is_named(path));
    let file = outcome.path(FILE);
    let in_file = file.exists() && contains(&fs::read(file).unwrap(), ROTATED);
    in_file
        || outcome.stdout_text().contains(ROTATED)
        || named
            .map(|it| fs::read(it).unwrap())
            .any(|it| contains(&it, ROTATED))
}

#[test]
fn no_mutation_of_a_reply_loses_the_token_in_it() {
    for seed in SEEDS {
        let sent = mutated(&mut Random::new(seed));
        let endpoint = Endpoint::http(Reply::json(200, sent.clone()));
        let must_survive = contains(&sent, ROTATED) && !is_mere_text(&sent);
        let case = if seed % 2 == 0 {
            refresh(&endpoint)
        } else {
            refresh_stdin(DOCUMENT, &endpoint)
        };
        let outcome = with_tmp(case).args(["--retries", "0"]).run();
        let shown = sent.escape_ascii();
        let is_lost = must_survive && !survives(&outcome);
        assert!(!is_lost, "seed {seed}: {shown}\n{outcome}");
        assert_shows_none(&outcome, &[ROTATED]);
    }
}
