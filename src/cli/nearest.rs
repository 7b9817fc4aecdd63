//! The known name that somebody may have meant by an unknown one.

/// How many letters may be wrong, missing or too many: two, as in git and cargo, find most slips and
/// no other option.
const MAX_DISTANCE: usize = 2;

/// The fewest letters of an abbreviation that tell what it is short for.
const MIN_ABBREVIATION: usize = 4;

/// The name with at most [`MAX_DISTANCE`] letters of difference, dashes, underscores and case aside.
pub(super) fn nearest(typed: &str, names: &[&'static str]) -> Option<&'static str> {
    let distances = names
        .iter()
        .map(|name| (distance(&letters(typed), &letters(name)), *name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    let is_near = distance <= MAX_DISTANCE.min(letters(name).len() / 2);
    is_near.then_some(name)
}

/// The first name of which `typed` is the beginning, dashes, underscores and case aside.
pub(super) fn abbreviated(typed: &str, names: &[&'static str]) -> Option<&'static str> {
    let typed = letters(typed);
    let mut names = names.iter().copied();
    names.find(|name| typed.len() >= MIN_ABBREVIATION && letters(name).starts_with(&typed))
}

/// What somebody remembers of a name.
fn letters(name: &str) -> String {
    let is_letter = |c: &char| !matches!(c, '-' | '_');
    name.chars()
        .filter(is_letter)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// The letters to insert, remove or replace between two words (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, from) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, to) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names to choose from.
    const NAMES: [&str; 4] = ["--client-id", "--quiet", "--print", "--timeout"];

    #[test]
    fn counts_letters_that_differ() {
        for (from, to, expected) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("verbos", "verbose", 1),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn finds_slips_and_abbreviations_and_nothing_far() {
        for (typed, expected) in [
            ("--client_id", Some("--client-id")),
            ("--ClientId", Some("--client-id")),
            ("-print", Some("--print")),
            ("--queit", Some("--quiet")),
            ("--scope", None),
            ("-x", None),
        ] {
            assert_eq!(nearest(typed, &NAMES), expected, "{typed}");
        }
        assert_eq!(abbreviated("--time", &NAMES), Some("--timeout"));
        assert_eq!(abbreviated("--tim", &NAMES), None);
    }
}
