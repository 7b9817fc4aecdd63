//! What the README says holds: its example runs as it stands there, its messages are the program's,
//! its links lead somewhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use crate::endpoint::{Endpoint, Reply, TempDir};

/// The repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The pages whose links are followed.
const PAGES: [&str; 5] = [
    "README.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "doc/design.md",
    "doc/recipes.md",
];

/// A page of the repository.
fn page(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).expect("a page")
}

/// All files below a directory in one text, without the breaks in long strings.
fn sources(directory: &Path) -> String {
    let entries = fs::read_dir(directory).expect("a directory of sources");
    let texts = entries.map(|entry| {
        let path = entry.expect("a source").path();
        if path.is_dir() {
            return sources(&path);
        }
        let text = fs::read_to_string(path).expect("a source");
        let lines: Vec<&str> = text.split("\\\n").map(str::trim_start).collect();
        lines.concat()
    });
    texts.collect()
}

/// The messages in the table of cures.
fn messages(readme: &str) -> Vec<&str> {
    let (_, table) = readme.split_once("| message | code |").expect("the table");
    let (table, _) = table.split_once("\n\n").expect("its end");
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = cells.filter_map(|cell| Some(cell.split_once("` |")?.0));
    cells.flat_map(|cell| cell.split("`, `")).collect()
}

/// What stands in a message between the words that stand for a name there, such as `HOST`.
fn parts(message: &str) -> Vec<String> {
    let is_name = |word: &str| word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase());
    // What a server refuses has its name from elsewhere.
    let message = message.replace("refresh token", "GRANT");
    let words = message.split(' ');
    let words = words.map(|word| {
        if is_name(word.trim_end_matches(':')) {
            "\n"
        } else {
            word
        }
    });
    let words: Vec<&str> = words.collect();
    let text = words.join(" ");
    text.split('\n')
        .map(|part| part.trim().to_owned())
        .collect()
}

/// The targets of the links to files and headings of the repository.
fn links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0));
    targets.filter(|it| !it.contains("://")).collect()
}

/// The names that the headings of a page have in links.
fn anchors(page: &str) -> Vec<String> {
    let titles = page.lines().filter(|line| line.starts_with('#'));
    let titles = titles.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let is_dropped = |c: char| !c.is_alphanumeric() && c != '-';
    titles
        .map(|title| title.replace(' ', "-").replace(is_dropped, ""))
        .collect()
}

/// Whether a link of the page called `name` leads somewhere.
fn leads_somewhere(name: &str, link: &str) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let folder = Path::new(name).parent().expect("a folder");
    let target = if file.is_empty() {
        name.into()
    } else {
        folder.join(file)
    };
    let target = Path::new(ROOT).join(target);
    match anchor {
        "" => target.exists(),
        _ => fs::read_to_string(target)
            .is_ok_and(|page| anchors(&page).iter().any(|it| it == anchor)),
    }
}

/// The shell block of the README behind the mark for runnable examples.
fn example() -> String {
    let readme = page("README.md");
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

#[test]
fn the_table_of_cures_has_messages_of_the_program() {
    let readme = page("README.md");
    let sources = sources(&Path::new(ROOT).join("src"));
    let messages = messages(&readme);
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        for part in parts(message) {
            assert!(sources.contains(&part), "{message}: no {part:?} in src");
        }
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    for name in PAGES {
        let text = page(name);
        for link in links(&text) {
            assert!(leads_somewhere(name, link), "{name}: {link}");
        }
    }
}
