//! What a refresh keeps of a document, what it takes over, and what it does not accept as one.
//!
//! The document belongs to its owner, who may keep anything in it. So the tests state whole files,
//! before and after, and never ask the program's own parser.

use std::fmt::Write as _;
use std::os::unix::net::UnixListener;

use crate::endpoint::{Endpoint, Reply};
use crate::kit::{
    DOCUMENT, FILE, Failure, REFRESHED, granted, refresh_at, refresh_file, refresh_stdin,
};

/// The largest document there may be.
const MAX_LEN: usize = 1024 * 1024;

/// What most documents that are none should be replaced by.
const GIVE_DOCUMENT: &str = "give the JSON document of a Salesforce login";

/// A success with the members of [`granted`] and these.
fn granted_with(members: &str) -> Reply {
    let body = format!(r#"{{"access_token":"00D!access-1",{members}}}"#);
    Reply::json(200, body)
}

/// Refreshes `before` with this reply and expects exactly `after`, in a file and on standard output.
#[track_caller]
fn assert_saved(before: impl AsRef<[u8]>, reply: Reply, after: impl AsRef<[u8]>) {
    let endpoint = Endpoint::http(reply);
    let before = before.as_ref();
    refresh_file(before, &endpoint)
        .run()
        .code(0)
        .file_is(FILE, &after);
    refresh_stdin(before, &endpoint)
        .run()
        .code(0)
        .stdout(&after);
}

/// Expects this failure before anything is sent, in a file and on standard input.
#[track_caller]
fn assert_refused(content: impl AsRef<[u8]>, failure: impl Fn(&str) -> Failure) {
    let endpoint = Endpoint::http(granted());
    let content = content.as_ref();
    let case = refresh_file(content, &endpoint).args(["--print", "json"]);
    let outcome = failure(FILE).of(case.run());
    outcome.file_is(FILE, content).files_are([FILE]);
    failure("standard input").of(refresh_stdin(content, &endpoint).run());
    assert_eq!(endpoint.connections(), 0);
}

/// Expects that the content is refused as no document.
#[track_caller]
fn assert_unusable(content: impl AsRef<[u8]>, why: &str, hint: &str) {
    assert_refused(content, |name| Failure::unusable(name, why, hint));
}

#[test]
fn keeps_the_order_of_members_and_adds_new_ones_at_the_end() {
    assert_saved(
        "{\n  \"z\": 1,\n  \"refresh_token\": \"r\",\n  \"access_token\": \"old\",\n  \"a\": 2\n}\n",
        granted_with(r#""y":3,"b":4"#),
        r#"{
  "z": 1,
  "refresh_token": "r",
  "access_token": "00D!access-1",
  "a": 2,
  "y": 3,
  "b": 4
}
"#,
    );
}

#[test]
fn keeps_every_digit_of_every_number() {
    let document = r#"{
  "refresh_token": "r",
  "access_token": "00D!access-1",
  "a": 1.0,
  "b": 1e400,
  "c": -1E-400,
  "d": 123456789012345678901234567890,
  "e": 0.1000000000000000055511151231257827,
  "f": -0,
  "g": -0.0,
  "h": 1.50e+3,
  "i": [
    10.0,
    2E5
  ]
}
"#;
    assert_saved(document, granted(), document);
}

#[test]
fn keeps_every_digit_of_the_numbers_in_a_reply() {
    assert_saved(
        DOCUMENT,
        granted_with(r#""n":1.0,"m":123456789012345678901234567890"#),
        r#"{
  "access_token": "00D!access-1",
  "refresh_token": "5Aep-0",
  "client_id": "id",
  "n": 1.0,
  "m": 123456789012345678901234567890
}
"#,
    );
}

#[test]
fn keeps_unknown_members_at_every_depth() {
    let document = r#"{
  "access_token": "00D!access-1",
  "mine": {
    "access_token": "another one",
    "list": [
      1,
      [
        {},
        []
      ],
      {
        "": null,
        "ä": "😀 \u0000 \" \\ / \n",
        "yes": true
      }
    ]
  },
  "refresh_token": "r"
}
"#;
    assert_saved(document, granted(), document);
}

#[test]
fn keeps_members_a_hundred_levels_deep() {
    let mut document =
        "{\n  \"access_token\": \"00D!access-1\",\n  \"refresh_token\": \"r\"".to_owned();
    document.push_str(",\n  \"a\": ");
    for level in 2..100 {
        write!(document, "[\n{}", "  ".repeat(level)).unwrap();
    }
    document.push('1');
    for level in (1..99).rev() {
        write!(document, "\n{}]", "  ".repeat(level)).unwrap();
    }
    document.push_str("\n}\n");
    assert_saved(&document, granted(), &document);
}

#[test]
fn keeps_the_indentation() {
    let indented = |indent: &str| REFRESHED.replace("  ", indent);
    for indent in ["\t", " ", "    ", "   ", "\t\t"] {
        let before = DOCUMENT.replace("  ", indent);
        assert_saved(before, granted(), indented(indent));
    }
    let nested = "{\n\t\"refresh_token\": \"r\",\n\t\"mine\": {\n\t\t\"a\": \"  \"\n\t},\n\t\"access_token\": \"00D!access-1\"\n}\n";
    assert_saved(nested, granted(), nested);
}

#[test]
fn indents_by_two_spaces_what_has_no_indentation() {
    let compact = DOCUMENT.replace(['\n', ' '], "");
    let spaced = DOCUMENT.replace('\n', " ").replace(':', " :");
    let flush_left = DOCUMENT.replace("  ", "");
    for before in [compact, spaced, flush_left] {
        assert_saved(before, granted(), REFRESHED);
    }
}

#[test]
fn writes_utf8_without_a_byte_order_mark_and_one_newline_at_the_end() {
    let with_mark = format!("\u{feff}{DOCUMENT}");
    let with_carriage_returns = DOCUMENT.replace('\n', "\r\n");
    let with_both = format!("\u{feff}{with_carriage_returns}");
    let with_blanks = format!("\n\n {DOCUMENT}\n \n");
    let endless = DOCUMENT.trim_end().to_owned();
    for before in [
        with_mark,
        with_carriage_returns,
        with_both,
        with_blanks,
        endless,
    ] {
        assert_saved(before, granted(), REFRESHED);
    }
    let tabs = DOCUMENT.replace("  ", "\t").replace('\n', "\r\n");
    assert_saved(tabs, granted(), REFRESHED.replace("  ", "\t"));
}

#[test]
fn takes_the_last_of_two_members_of_one_name() {
    let endpoint = Endpoint::http(granted());
    let before = r#"{"refresh_token":"first","a":1,"refresh_token":"last","a":2}"#;
    let after = r#"{
  "refresh_token": "last",
  "a": 2,
  "access_token": "00D!access-1"
}
"#;
    refresh_file(before, &endpoint)
        .run()
        .code(0)
        .file_is(FILE, after);
    assert_eq!(endpoint.only_request().param("refresh_token"), Some("last"));
}

#[test]
fn takes_over_every_member_of_the_reply_whatever_its_type() {
    assert_saved(
        r#"{"access_token":"a","refresh_token":"r","scope":"id","issued_at":"1","x":{"y":1}}"#,
        granted_with(r#""issued_at":1738355588166,"x":{"z":[]},"scope":null,"ok":true"#),
        r#"{
  "access_token": "00D!access-1",
  "refresh_token": "r",
  "scope": null,
  "issued_at": 1738355588166,
  "x": {
    "z": []
  },
  "ok": true
}
"#,
    );
}

#[test]
fn keeps_the_refresh_token_where_the_reply_has_none() {
    for reply in [
        granted(),
        granted_with(r#""refresh_token":"""#),
        granted_with(r#""refresh_token":null"#),
    ] {
        assert_saved(DOCUMENT, reply, REFRESHED);
    }
}

#[test]
fn refuses_what_is_not_one_json_object() {
    for blank in ["", "\n", " \t\r\n", "\u{feff}"] {
        assert_unusable(blank, "it is empty", GIVE_DOCUMENT);
    }
    for other in [
        "[]",
        "null",
        "\"refresh_token\"",
        "12",
        "[{\"refresh_token\":\"r\"}]",
    ] {
        assert_unusable(other, "it is JSON but not an object", GIVE_DOCUMENT);
    }
    let broken = [
        ("{", "EOF while parsing an object at line 1 column 1"),
        (
            r#"{"refresh_token":"r""#,
            "EOF while parsing an object at line 1 column 20",
        ),
        (
            r#"{"refresh_token":"r"#,
            "EOF while parsing a string at line 1 column 19",
        ),
        (
            r#"{"refresh_token":"r"}{}"#,
            "trailing characters at line 1 column 22",
        ),
        (
            "{'refresh_token':'r'}",
            "key must be a string at line 1 column 2",
        ),
        ("refresh_token=r", "expected value at line 1 column 1"),
    ];
    for (text, why) in broken {
        assert_unusable(text, &format!("it is not JSON: {why}"), GIVE_DOCUMENT);
    }
}

#[test]
fn refuses_every_truncation_of_a_document() {
    let endpoint = Endpoint::http(granted());
    let document = DOCUMENT.trim_end();
    for len in (0..document.len()).step_by(7) {
        let case = refresh_file(&document[..len], &endpoint);
        case.run()
            .code(65)
            .stdout("")
            .file_is(FILE, &document[..len]);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn refuses_documents_without_a_usable_refresh_token() {
    let no_string = "its refresh_token is not a string";
    let documents = [
        ("{}", "it has no refresh_token"),
        (r#"{"Refresh_Token":"r"}"#, "it has no refresh_token"),
        (r#"{"x":{"refresh_token":"r"}}"#, "it has no refresh_token"),
        (r#"{"refresh_token":""}"#, "its refresh_token is empty"),
        (r#"{"refresh_token":null}"#, no_string),
        (r#"{"refresh_token":1}"#, no_string),
        (r#"{"refresh_token":true}"#, no_string),
        (r#"{"refresh_token":["r"]}"#, no_string),
        (r#"{"refresh_token":{"r":"r"}}"#, no_string),
    ];
    for (document, why) in documents {
        assert_refused(document, |name| Failure::no_refresh_token(name, why));
    }
}

#[test]
fn refuses_text_that_is_not_utf8() {
    let hint = "save it as UTF-8 (PowerShell's > writes UTF-16)";
    let utf16: Vec<u8> = DOCUMENT.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xff\xfe".as_slice(), &utf16].concat();
    let latin1 = b"{\"refresh_token\":\"r\",\"a\":\"\xe4\"}";
    let surrogate = b"{\"refresh_token\":\"r\",\"a\":\"\xed\xa0\x80\"}";
    for content in [with_mark.as_slice(), latin1, surrogate] {
        assert_unusable(content, "it is not UTF-8", hint);
    }
}

#[test]
fn accepts_a_document_of_one_mebibyte_and_refuses_a_larger_one() {
    let padding = MAX_LEN - DOCUMENT.len() - ",\n  \"x\": \"\"".len();
    let padded = |document: &str, len| {
        let member = format!(",\n  \"x\": \"{}\"\n}}", "x".repeat(len));
        document.replace("\n}", &member)
    };
    let largest = padded(DOCUMENT, padding);
    assert_eq!(largest.len(), MAX_LEN);
    assert_saved(&largest, granted(), padded(REFRESHED, padding));
    let too_large = padded(DOCUMENT, padding + 1);
    assert_unusable(too_large, "it is larger than 1 MiB", GIVE_DOCUMENT);
}

#[test]
fn refuses_deep_nesting_without_a_crash() {
    let levels = 200_000;
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    let document = format!(r#"{{"refresh_token":"r","a":{open}{close}}}"#);
    let why = "it is not JSON: recursion limit exceeded at line 1 column 152";
    assert_unusable(&document, why, GIVE_DOCUMENT);
    assert_unusable(&document[..levels], why, GIVE_DOCUMENT);
    let objects = r#"{"":"#.repeat(levels);
    let why = "it is not JSON: recursion limit exceeded at line 1 column 509";
    assert_unusable(objects, why, GIVE_DOCUMENT);
}

#[test]
fn refuses_a_member_that_could_not_be_kept() {
    let names = [
        "$serde_json::private::Number",
        r"\u0024serde_json::private::Number",
    ];
    for name in names {
        let document = format!(r#"{{"refresh_token":"r","a":{{"{name}":"1"}}}}"#);
        let why = "it has a member that cannot be kept";
        assert_unusable(document, why, GIVE_DOCUMENT);
    }
}

#[test]
fn refuses_a_file_that_is_missing_or_no_regular_file() {
    let endpoint = Endpoint::http(granted());
    let pipe = |name: &str, why: &str| {
        let hint = "to read a pipe, give - as FILE";
        Failure::new(66, &format!("cannot read {name}: {why}"), hint)
    };
    let files = [
        ("missing.json", "no such file or directory"),
        ("no/token.json", "no such file or directory"),
        ("directory", "it is a directory"),
        ("loop", "too many levels of symbolic links"),
        ("plain/token.json", "not a directory"),
        ("socket", "it is not a regular file"),
    ];
    for (file, why) in files {
        let expected = match file {
            "socket" => pipe(file, why),
            _ => Failure::unreadable(file, why),
        };
        let case = refresh_at(&endpoint)
            .subdirectory("directory")
            .file("plain", "");
        let _socket = UnixListener::bind(case.path("socket")).unwrap();
        expected.of(case.link("loop", "loop").arg(file).run());
    }
    assert_eq!(endpoint.connections(), 0);
}
