//! The notices that go with the binary are those of the crates in it.

#[path = "../notices/text.rs"]
mod text;

/// The file that `make dist` and the image carry.
const NOTICES: &str = include_str!("../../doc/notices.txt");

#[test]
fn the_notices_are_those_of_the_lock_file() {
    let expected = text::notices();
    let differs = |(ours, theirs): &(&str, &str)| ours != theirs;
    let difference = NOTICES.lines().zip(expected.lines()).find(differs);
    assert_eq!(difference, None, "run `make notices`");
    assert_eq!(NOTICES.len(), expected.len(), "run `make notices`");
}
