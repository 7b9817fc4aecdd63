//! What several rooms have to know of a text: whether it is a number, a token, or harmful, what of a
//! pasted text is meant, and how a shell reads it.

/// Decimal digits and nothing else.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let only_digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| only_digits)
}

/// Whether a text can stand in an `Authorization` header: visible ASCII, at least one character.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A pasted id, secret or token without the white space around it, which is no part of it; what
/// remains may be empty, and may have spaces inside.
///
/// # Errors
/// Why it cannot be meant, as words for a message: no id, secret or token has a line break, another
/// control character or an invisible one in it.
pub(crate) fn pasted(text: &str) -> Result<&str, &'static str> {
    let text = text.trim();
    if text.contains(is_harmful) {
        return Err("it has control characters or invisible ones");
    }
    Ok(text)
}

/// A value as shells read it; bare where that is the same. In an interactive one `!` stands for
/// earlier commands unless it is quoted.
pub(crate) fn for_shell(value: &str) -> String {
    bare_or_quoted(value, b"._:/-")
}

/// A value of a variable as a POSIX shell reads it; bare where that is the same, for readers that are
/// no shell. Every access token has a `!`, which none of them takes for anything else.
pub(crate) fn for_assignment(value: &str) -> String {
    bare_or_quoted(value, b"!._:/-")
}

/// A value as it is if it has letters, digits and these characters alone, else in single quotes.
fn bare_or_quoted(value: &str, plain: &[u8]) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || plain.contains(&b);
    if !value.is_empty() && value.bytes().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// A text without characters that steer a terminal, fake a line, or reorder or hide the text around
/// them.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|c| !is_harmful(*c)).collect()
}

/// Control characters (C0, DEL, C1), line separators, and what no reader sees: it can reorder the
/// text around it, or stand in the middle of a secret.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_invisible(c)
}

/// Unicode's `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`), in which all characters
/// lie that change the direction of a text, and the interlinear annotations.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_stand_bare_and_others_quoted() {
        let cases = [
            (
                "https://acme--dev.my.salesforce.com:1/",
                "https://acme--dev.my.salesforce.com:1/",
            ),
            ("$(id)", "'$(id)'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ];
        for (value, expected) in cases {
            assert_eq!(for_shell(value), expected);
            assert_eq!(for_assignment(value), expected);
        }
        assert_eq!(for_shell("a!b"), "'a!b'");
        assert_eq!(for_assignment("a!b"), "a!b");
    }

    #[test]
    fn white_space_around_a_pasted_text_goes_and_nothing_harmful_stays() {
        assert_eq!(pasted("\r\n\t\u{a0}s 3 \u{2003}\r\n"), Ok("s 3"));
        assert_eq!(pasted(" \n"), Ok(""));
        for harmful in [
            "a\nb",
            "a\0b",
            "a\u{200b}b",
            "\u{feff}a",
            "a\u{ad}b",
            "a\u{61c}b",
        ] {
            assert!(pasted(harmful).is_err(), "{harmful:?}");
        }
    }

    #[test]
    fn harmful_characters_go_and_letters_of_all_scripts_stay() {
        let harmful = "\0\u{7}\u{8}\t\r\n\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\
                       \u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\
                       \u{ad}\u{34f}\u{61c}\u{180e}\u{3164}\u{fe0f}\u{fff9}\u{e0041}";
        assert_eq!(harmless(&format!("a{harmful}b")), "ab");
        assert_eq!(
            harmless("gr\u{fc}\u{df} \u{65e5}\u{672c}"),
            "gr\u{fc}\u{df} \u{65e5}\u{672c}"
        );
    }
}
