//! Of random documents no member is lost: what nobody knows survives, or the document is refused before
//! anything is sent.

#[path = "survival/random.rs"]
mod random;

use crate::endpoint::Endpoint;
use crate::harness::Outcome;
use crate::kit::{FILE, granted, refresh_file};
use crate::seeded::Random;
use random::Specimen;

/// As many as a second is enough for.
const COUNT: u64 = 50;

/// The members that a document needs, with the access token that a reply brings.
const MEMBERS: [(&str, &str); 3] = [
    ("refresh_token", "5Aep-0"),
    ("access_token", "00D!access-1"),
    ("mine", "\u{e4}"),
];

/// Refreshes a random document.
fn refreshed(specimen: &Specimen, endpoint: &Endpoint) -> Outcome {
    refresh_file(&specimen.source, endpoint).run()
}

#[test]
fn members_that_nobody_knows_survive_or_the_document_is_refused_before_sending() {
    let endpoint = Endpoint::http(granted());
    let mut survived = 0;
    for seed in 0..COUNT {
        let specimen = Specimen::new(&MEMBERS, &mut Random(seed));
        let outcome = refreshed(&specimen, &endpoint);
        if let Some(saved) = &specimen.saved {
            survived += 1;
            outcome.code(0).file_is(FILE, saved);
        } else {
            outcome.code(65).file_is(FILE, &specimen.source);
        }
        assert_eq!(endpoint.connections(), survived, "seed {seed}");
    }
    let refused = usize::try_from(COUNT).unwrap() - survived;
    assert!(
        survived > 2 * refused && refused > 2,
        "{survived} and {refused}"
    );
}
