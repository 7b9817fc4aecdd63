//! Replies that were good before something happened to them on their way, made from a seed.
//!
//! First the members change as a server with other ideas might send them, then the bytes, as a
//! gateway might pass them on. Everything follows from the seed, so that a failure can be repeated.

/// The refresh token that a good reply brings.
pub(crate) const ROTATED: &str = "5Aep861rotated.TokenOfTheNewSession";

/// A stream of numbers that follow from a seed: `SplitMix64`.
pub(crate) struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a limit, or 0 where that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0);
        number % limit.max(1)
    }

    /// One of several.
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What a member may have in place of its value; `V` stands for the value itself.
const VALUES: [&str; 12] = [
    "null",
    "\"\"",
    "\" \"",
    "17",
    "true",
    "{}",
    "[]",
    "[V]",
    "{\"refresh_token\":V}",
    "\"other\"",
    "1e999",
    "\"\\ud83d\"",
];

/// What may become of the name of the refresh token.
const NAMES: [&str; 7] = [
    "refresh_token",
    "Refresh_Token",
    "refreshToken",
    "refresh\\u005ftoken",
    "refresh token",
    "token",
    "",
];

/// Errors beside the tokens.
const ERRORS: [&str; 9] = [
    "null",
    "false",
    "\"\"",
    "\"strange\"",
    "\"invalid_grant\"",
    "\"server_error\"",
    "{}",
    "0",
    "\"slow_down\"",
];

/// What may stand before and behind the whole.
const AROUND: [(&str, &str); 14] = [
    ("[", "]"),
    ("[[", "]]"),
    ("{\"data\":", "}"),
    ("callback(", ");"),
    (")]}',\n", ""),
    ("", "{}"),
    ("", "\n<!-- 12 ms -->"),
    ("<pre>", "</pre>"),
    ("\u{feff}", ""),
    (" \r\n", " \r\n"),
    ("\0", ""),
    ("OK ", ""),
    ("{\"error\":\"x\"}", ""),
    ("[{},", "]"),
];

/// A reply of the success class with a rotated token, after up to two changes of its members and
/// up to two of its bytes.
pub(crate) fn mutated(random: &mut Random) -> Vec<u8> {
    let mut members = good();
    for _ in 0..random.below(3) {
        change_member(random, &mut members);
    }
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"))
        .collect();
    let mut bytes = format!("{{{}}}", members.join(",")).into_bytes();
    for _ in 0..random.below(3) {
        bytes = changed(random, bytes);
    }
    bytes
}

/// Names and values, as JSON, of a good reply.
fn good() -> Vec<(String, String)> {
    [
        ("access_token", "00D!access-1"),
        ("refresh_token", ROTATED),
        ("signature", "c2lnbmF0dXJl"),
        ("scope", "refresh_token id"),
        ("instance_url", "https://acme.my.salesforce.com"),
        ("token_type", "Bearer"),
        ("issued_at", "1738348400000"),
    ]
    .map(|(name, value)| (name.to_owned(), format!("\"{value}\"")))
    .into()
}

/// Changes one member, the refresh token more often than the others.
fn change_member(random: &mut Random, members: &mut Vec<(String, String)>) {
    let at = [1, 1, 0, random.below(members.len())][random.below(4)];
    let (name, value) = members[at].clone();
    let other = || (name.clone(), VALUES[0].to_owned());
    let another = random.pick(&VALUES).replace('V', &value);
    match random.below(7) {
        0 => members[at].1 = another,
        1 => members[at].0 = random.pick(&NAMES).into(),
        2 => members.insert(random.below(members.len()), (name, another)),
        3 => members.push((name, another)),
        4 => members.push((random.pick(&NAMES).to_owned(), value)),
        5 => members.push(("error".to_owned(), random.pick(&ERRORS).to_owned())),
        _ => members.insert(at, other()),
    }
}

/// Changes the bytes of the whole in one way.
fn changed(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    let at = random.below(bytes.len());
    let end = bytes.len().min(at + 1 + random.below(12));
    match random.below(9) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece).for_each(drop);
        }
        4 => bytes = [bytes.clone(), bytes].concat(),
        5 => bytes.insert(at, 0xfc),
        6 => bytes = encoded(random, &bytes),
        _ => {
            let (before, behind) = AROUND[random.below(AROUND.len())];
            bytes = [before.as_bytes(), &bytes, behind.as_bytes()].concat();
        }
    }
    bytes
}

/// The same text in another encoding.
fn encoded(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    match random.below(4) {
        0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into_bytes(),
        2 => text
            .replace(['{', '}', '"'], "")
            .replace(':', "=")
            .replace(',', "&")
            .into_bytes(),
        _ => text.replace('"', "'").into_bytes(),
    }
}

/// Whether some bytes stand in others.
pub(crate) fn contains(bytes: &[u8], piece: &str) -> bool {
    bytes
        .windows(piece.len())
        .any(|window| window == piece.as_bytes())
}

/// Whether a body is what need not be kept: plain text that nowhere says `refresh_token`.
pub(crate) fn is_mere_text(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_lowercase();
    let starts_as_data = text
        .trim_start_matches(['\u{feff}', ' ', '\r', '\n'])
        .starts_with(['{', '[', '"']);
    let has_controls = body
        .iter()
        .any(|byte| matches!(byte, 0..9 | 11 | 14..32 | 127));
    !starts_as_data && !has_controls && !text.contains("refresh_token")
}
