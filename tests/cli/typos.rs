//! Arguments that are nearly right: what was typed is named, and what may have been meant.
//!
//! Behind the name of an unknown option a secret may be glued on, so that no more than the name is
//! shown, unless all of it is a slip in a known name.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::harness::Case;
use crate::kit::Failure;

/// The hint where nothing is near.
const SEE_HELP: &str = "see sftoken --help";

/// The hint of an argument in place of a command.
const COMMAND_FIRST: &str = "the command comes first, as in: sftoken refresh FILE";

/// Runs these arguments and expects exactly this usage error.
#[track_caller]
fn assert_usage(args: &[&OsStr], message: &str, hint: &str) {
    Failure::new(64, message, hint).of(Case::new().args(args).run());
}

/// Expects that an option is unknown to `refresh`, and this is shown of it.
#[track_caller]
fn assert_unknown(option: &str, shown: &str, hint: &str) {
    let args = ["refresh", option, "X", "missing.json"].map(OsStr::new);
    assert_usage(&args, &format!("unknown option {shown}"), hint);
}

#[test]
fn names_what_was_typed_and_the_nearest_option() {
    let options = [
        ("--client_id", "--client-id"),
        ("--clientid", "--client-id"),
        ("--CLIENT-ID", "--client-id"),
        ("--client-i", "--client-id"),
        ("-client-id", "--client-id"),
        ("-verbose", "--verbose"),
        ("--verbos", "--verbose"),
        ("--queit", "--quiet"),
        ("--dryrun", "--dry-run"),
        ("--max_age", "--max-age"),
        ("--retires", "--retries"),
        ("--retries3", "--retries"),
        ("--ca-cert", "--cacert"),
        ("-help", "--help"),
        ("--time", "--timeout"),
        ("--token", "--token-endpoint"),
        ("--client", "--client-id"),
        ("--client-secret-fil", "--client-secret-file"),
        ("--client_secret_file", "--client-secret-file"),
    ];
    for (option, near) in options {
        let hint = format!("did you mean {near}");
        assert_unknown(option, option, &hint);
        assert_unknown(&format!("{option}=hunter2"), option, &hint);
    }
}

#[test]
fn names_an_option_that_is_near_to_nothing() {
    let options = [
        "--scope",
        "--version",
        "-version",
        "-x",
        "-X",
        "-nxq",
        "-é",
        "---",
        "--refresh-token",
    ];
    for option in options {
        assert_unknown(option, option, SEE_HELP);
    }
}

#[test]
fn shows_nothing_that_is_glued_to_an_unknown_option() {
    let options = [
        (
            "--client_idSECRET",
            "--client_id",
            "did you mean --client-id",
        ),
        ("--clientA1B2C3=x", "--client", "did you mean --client-id"),
        ("--scope=5Aep861", "--scope", SEE_HELP),
        ("--scope5Aep861", "--scope", SEE_HELP),
        ("--\u{e4}b", "--", SEE_HELP),
        ("-u5Aep861", "-u", SEE_HELP),
        ("-u=5Aep861", "-u", SEE_HELP),
        ("-v5Aep861", "-v", SEE_HELP),
        ("-U5Aep861", "-U", SEE_HELP),
    ];
    for (option, shown, hint) in options {
        assert_unknown(option, shown, hint);
    }
}

#[test]
fn says_that_no_option_takes_a_secret() {
    let hint = "no option takes a secret: give --client-secret-file or SFTOKEN_CLIENT_SECRET";
    let options = [
        ("--client-secret", "--client-secret"),
        ("--client-secret=hunter2", "--client-secret"),
        ("--client-secret5Aep861", "--client-secret"),
        ("--client-secrethunter", "--client-secret"),
        ("--client-secret-hunter", "--client-secret"),
        ("--client_secret=hunter2", "--client_secret"),
        ("--Client-Secret", "--Client-Secret"),
        ("-client-secretHUNTER", "-client-secret"),
    ];
    for (option, shown) in options {
        assert_unknown(option, shown, hint);
    }
}

#[test]
fn names_a_word_that_is_no_command() {
    let words = [
        ("renew", COMMAND_FIRST),
        ("t.json", COMMAND_FIRST),
        ("./t.json", COMMAND_FIRST),
        ("refersh", "did you mean refresh"),
        ("Refresh", "did you mean refresh"),
        ("refresh-", "did you mean refresh"),
        ("verison", "did you mean version"),
    ];
    for (word, hint) in words {
        let word = OsStr::new(word);
        let message = format!("unknown command {}", word.display());
        assert_usage(&[word], &message, hint);
        assert_usage(&["help".as_ref(), word], &message, hint);
    }
}

#[test]
fn does_not_quote_what_looks_like_no_word() {
    let long = "a".repeat(41);
    let words: [&[u8]; 5] = [
        b"r\xe9fresh",
        b"force://PlatformCLI:s3cr3t:5Aep861@acme.my.salesforce.com",
        b"00D41000!AQ",
        b"hunter 2",
        long.as_bytes(),
    ];
    for word in words {
        let message = "the first argument is no command";
        assert_usage(&[OsStr::from_bytes(word)], message, COMMAND_FIRST);
    }
}

#[test]
fn names_an_option_in_place_of_the_command() {
    let calls = [
        ("-q", "-q stands before the command", COMMAND_FIRST),
        (
            "--verbose",
            "--verbose stands before the command",
            COMMAND_FIRST,
        ),
        (
            "--cacert=a",
            "--cacert stands before the command",
            COMMAND_FIRST,
        ),
        ("-v", "-v stands before the command", COMMAND_FIRST),
        ("--scope", "unknown option --scope", SEE_HELP),
        ("--version=1", "--version takes no value", SEE_HELP),
        ("-V=1", "-V takes no value", SEE_HELP),
        (
            "-version",
            "unknown option -version",
            "did you mean --version",
        ),
        (
            "--Version",
            "unknown option --Version",
            "did you mean --version",
        ),
    ];
    for (option, message, hint) in calls {
        let args = [option, "refresh", "missing.json"].map(OsStr::new);
        assert_usage(&args, message, hint);
    }
}
