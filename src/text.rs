//! What several rooms have to know of a text: whether it is a number, a token, or harmful.

/// Decimal digits and nothing else.
pub(crate) fn whole_number(text: &str) -> Option<u64> {
    let only_digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| only_digits)
}

/// Whether a text can stand in an `Authorization` header: visible ASCII, at least one character.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

/// A text without characters that steer a terminal, fake a line, or reorder or hide the text around
/// them.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().filter(|c| !is_harmful(*c)).collect()
}

/// Control characters (C0, DEL, C1), and those that reorder or hide the text around them.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmful_characters_go_and_letters_of_all_scripts_stay() {
        let harmful = "\0\u{7}\u{8}\t\r\n\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\
                       \u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}";
        assert_eq!(harmless(&format!("a{harmful}b")), "ab");
        assert_eq!(
            harmless("gr\u{fc}\u{df} \u{65e5}\u{672c}"),
            "gr\u{fc}\u{df} \u{65e5}\u{672c}"
        );
    }
}
