//! Whatever happens to a reply on its way, the refresh token in it survives.
//!
//! Many seeds, since it is quick here; the same with the real binary is among its tests.

use super::mutations::{ROTATED, Random, contains, is_mere_text, mutated};
use super::{Grant, TokenRequest, verdict};
use crate::document::Document;
use crate::endpoint::{Endpoint, HostSource};
use crate::http::Reply;
use crate::secret::Secret;

/// As many as take about a second without optimization; forty times as many found no other faults.
const ROUNDS: u64 = 1_500;

/// The request whose replies these are.
fn request() -> TokenRequest {
    TokenRequest {
        endpoint: Endpoint::parse("https://login.example").expect("a URL"),
        host_source: HostSource::Default,
        client_id: "id".to_owned(),
        client_secret: None,
        grant: Grant::RefreshToken(Secret::new("5Aep-old")),
        others: Vec::new(),
    }
}

/// Whether the token in the body is used, saved or kept.
fn survives(body: &[u8]) -> bool {
    let reply = Reply {
        status: 200,
        body: body.to_vec(),
        ..Reply::default()
    };
    let is_kept = |body: Option<Vec<u8>>| body.is_some_and(|body| contains(&body, ROTATED));
    match verdict(&request(), reply) {
        Ok(tokens) => {
            let old = br#"{"refresh_token":"5Aep-old"}"#;
            let mut document = Document::parse(old).expect("a document");
            document.merge(&tokens.members);
            contains(&document.render(), ROTATED) || is_kept(tokens.ambiguous)
        }
        Err(refusal) => {
            let is_saved = refusal.remains.refresh_token.as_deref() == Some(ROTATED);
            is_saved || is_kept(refusal.remains.body)
        }
    }
}

#[test]
fn no_mutation_of_a_reply_loses_the_token_in_it() {
    let mut counted = 0;
    for seed in 0..ROUNDS {
        let body = mutated(&mut Random::new(seed));
        if contains(&body, ROTATED) && !is_mere_text(&body) {
            counted += 1;
            assert!(survives(&body), "seed {seed}: {}", body.escape_ascii());
        }
    }
    assert!(counted > ROUNDS / 2, "{counted} replies with a token");
}
