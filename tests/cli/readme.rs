//! The example of the README, run as it stands there.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use crate::endpoint::{Endpoint, Reply, TempDir};

/// The shell block of the README behind the mark for runnable examples.
fn example() -> String {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let marked = readme
        .split("<!-- run: case -->\n```sh\n")
        .nth(1)
        .expect("a marked example");
    marked.split("```").next().unwrap_or_default().to_owned()
}

/// Runs the example where the endpoint answers with `reply`.
fn run_with(reply: Reply) -> Output {
    let endpoint = Endpoint::http([reply]);
    let folder = TempDir::new();
    let document = r#"{"refresh_token": "r", "client_id": "c"}"#;
    fs::write(folder.path().join("token.json"), document).expect("the token file");
    symlink(env!("CARGO_BIN_EXE_sftoken"), folder.path().join("sftoken"))
        .expect("a link to the program");
    Command::new("/bin/sh")
        .args(["-c", &example()])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", folder.path())
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
        .output()
        .expect("a shell")
}

#[test]
fn the_case_example_tells_the_classes_apart() {
    let limited = Reply::error(400, "rate_limit_exceeded", "wait one hour");
    let cases = [
        (Reply::token("t"), 0, ""),
        (
            limited,
            0,
            "Salesforce is out of reach, keeping the old token\n",
        ),
        (
            Reply::error(400, "invalid_grant", "expired"),
            1,
            "log in again\n",
        ),
        (Reply::error(400, "invalid_client", "no"), 78, ""),
    ];
    for (reply, code, stdout) in cases {
        let output = run_with(reply);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), stdout, "{stderr}");
    }
}
