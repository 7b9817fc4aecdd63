//! Which ways to authenticate a proxy takes (RFC 9110, section 11.6.1).
//!
//! The names are shown, so they are taken for such only where they look like one: what else a proxy
//! writes there is left out.

/// The longest name of a scheme that is shown; IANA's longest has 13 characters.
const MAX_NAME_LEN: usize = 20;

/// The names of the authentication schemes in the head of a proxy's answer, in its order. A line
/// may hold several challenges, and each its parameters.
pub(super) fn schemes(head: &str) -> Vec<String> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let fields = fields.filter(|(name, _)| name.eq_ignore_ascii_case("proxy-authenticate"));
    let mut schemes = Vec::new();
    for (_, value) in fields {
        for name in without_quoted(value).split(',').filter_map(scheme) {
            if !schemes.iter().any(|known| known == name) {
                schemes.push(name.to_owned());
            }
        }
    }
    schemes
}

/// A value without what stands in quotes, which may have commas in it.
fn without_quoted(value: &str) -> String {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let mut is_outside = |c: char| {
        let was_quoted = is_quoted;
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = was_quoted && c == '\\' && !is_escaped;
        !was_quoted && c != '"'
    };
    value.chars().filter(|c| is_outside(*c)).collect()
}

/// The scheme at the beginning of a challenge; a parameter of the one before has none.
fn scheme(challenge: &str) -> Option<&str> {
    let challenge = challenge.trim();
    let end = challenge.find(char::is_whitespace);
    let (name, rest) = challenge.split_at(end.unwrap_or(challenge.len()));
    let is_parameter = rest.trim_start().starts_with('=');
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && (1..=MAX_NAME_LEN).contains(&name.len());
    (is_name && !is_parameter).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_their_parameters_and_from_junk() {
        let head = "HTTP/1.1 407 x\r\n\
                    proxy-authenticate: Digest realm=\"a, Fake, \\\", b\", nonce = x, qop=auth\r\n\
                    Proxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate, NTLM\r\n\
                    Proxy-Authenticate: \x1b[31mRed, , a\u{e9}, A-Name-Of-21-Characte x\r\n\
                    Proxy-Authenticate: \"Open, Fake\r\nVia: x\r\n\r\n";
        assert_eq!(schemes(head), ["Digest", "NTLM", "Negotiate"]);
    }
}
