//! The man page and the completions say what `--help` says.
//!
//! An option that only some of them know is one that nobody finds, or that does not work. Their
//! sources are compared with the help; where the tools are there, the page is rendered and each
//! completion is loaded by its shell and asked. A tool that is not there is skipped with a message.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::process::{Command, Output};

use crate::endpoint::TempDir;
use crate::harness::Case;
use crate::rights::skip;

/// The man page's source.
const PAGE: &str = include_str!("../../doc/sftoken.1");

/// Where the man page is, for the programs that render it.
const PAGE_PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sftoken.1");

/// Where the completions are.
const COMPLETIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/completions");

/// Names that are compared without their order.
type Names = BTreeSet<String>;

/// The help, as the program prints it.
fn help() -> String {
    let outcome = Case::new().arg("--help").run().code(0).stderr("");
    outcome.stdout_text()
}

/// Every option in the help.
fn help_options() -> Names {
    let help = help();
    let words = help.split_whitespace();
    words
        .map(|word| word.trim_end_matches([',', ';']))
        .filter(|word| word.len() > 1 && word.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

/// The options that may follow a command, but for those that only another one has.
fn options_without(foreign: &[&str]) -> Names {
    let mut options = help_options();
    for option in ["-V", "--version"].iter().chain(foreign) {
        assert!(options.remove(*option), "{option}");
    }
    options
}

/// The options that may follow `refresh`.
fn refresh_options() -> Names {
    options_without(&["--redirect-uri"])
}

/// The options that may follow `login`.
fn login_options() -> Names {
    options_without(&["--max-age", "--retries"])
}

/// The commands.
const COMMANDS: [&str; 4] = ["refresh", "login", "help", "version"];

/// The words that may stand behind `sftoken`.
fn first_words() -> Names {
    let options = ["--help", "-h", "--version", "-V"];
    names(COMMANDS.into_iter().chain(options))
}

/// Owned names.
fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> Names {
    names.into_iter().map(str::to_owned).collect()
}

/// The words of the items that start like this in the page's lists.
fn items(start: &str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = PAGE.lines();
    let items = lines.filter_map(move |line| line.strip_prefix(".It ")?.strip_prefix(start));
    items.map(|item| item.split_whitespace().collect())
}

/// The lines of a section of the help, without its title.
fn help_section<'a>(help: &'a str, title: &str) -> &'a str {
    let (_, section) = help.split_once(title).unwrap();
    section.split("\n\n").next().unwrap()
}

/// Runs a program of this machine in a home of its own; `None`, said aloud, if there is none.
fn tool(program: &str, args: &[&str]) -> Option<Output> {
    let home = TempDir::new();
    let output = Command::new(program)
        .args(args)
        .env_clear()
        .env("PATH", env!("PATH"))
        .env("HOME", home.path())
        .current_dir(home.path())
        .output();
    match output {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip(&format!("there is no {program}"));
            None
        }
        output => Some(output.unwrap()),
    }
}

/// Runs a program that must neither fail nor complain; its standard output.
#[track_caller]
fn silent_tool(program: &str, args: &[&str]) -> Option<String> {
    let output = tool(program, args)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{program} {args:?}: {}\n{stderr}",
        output.status
    );
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_page_has_every_option_of_the_help_and_no_other() {
    let words = items("Fl ").flat_map(|item| [vec!["Fl"], item].concat());
    let words: Vec<_> = words.collect();
    let options = words.windows(2).filter(|pair| pair[0] == "Fl");
    let options: Names = options.map(|pair| format!("-{}", pair[1])).collect();
    assert_eq!(options, help_options());
}

#[test]
fn the_page_has_every_exit_code_of_the_help_and_no_other() {
    let help = help();
    let lines = help_section(&help, "Exit codes:\n").lines();
    let expected: Vec<_> = lines
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let items = items("").filter(|item| item[0].parse::<u8>().is_ok());
    let codes: Vec<_> = items
        .map(|item| item.join(" ").replace("Sy ", ""))
        .collect();
    assert_eq!(codes, expected);
}

#[test]
fn the_page_has_every_variable_of_the_help() {
    let documented: Names = items("Ev ")
        .flatten()
        .filter(|word| word.len() > 2)
        .map(str::to_owned)
        .collect();
    let help = help();
    let (_, environment) = help.split_once("Environment, ").unwrap();
    let (variables, _) = environment.split_once("Then ").unwrap();
    let variables = variables.split([',', ' ', '\n', ':']);
    let variables: Names = variables
        .filter(|word| word.contains('_') && !word.contains(char::is_lowercase))
        .map(str::to_owned)
        .collect();
    assert_eq!(variables.len(), 7);
    // What the help has no room for.
    let mut expected = variables;
    expected.insert("TMPDIR".to_owned());
    assert_eq!(documented, expected);
}

#[test]
fn mandoc_finds_nothing_to_warn_of() {
    silent_tool("mandoc", &["-Tlint", "-Wwarning", PAGE_PATH])
        .inspect(|stdout| assert_eq!(stdout, ""));
}

#[test]
fn groff_finds_nothing_to_warn_of() {
    silent_tool("groff", &["-ww", "-mandoc", "-Tutf8", "-z", PAGE_PATH]);
}

#[test]
fn man_renders_the_page_without_warnings() {
    // The man of other systems has no such option.
    if !tool("man", &["--version"]).is_some_and(|output| output.stdout.starts_with(b"man ")) {
        skip("this is not man-db");
        return;
    }
    silent_tool("man", &["--warnings", "--local-file", PAGE_PATH])
        .inspect(|page| assert!(page.contains("refresh a Salesforce OAuth2 token file")));
}

#[test]
fn the_fish_source_has_every_option() {
    let source = include_str!("../../doc/completions/sftoken.fish");
    let words: Vec<_> = source.split_whitespace().collect();
    let options: Names = words
        .windows(2)
        .filter_map(|pair| match pair[0] {
            "-l" if !["refresh", "login", "either"].contains(&pair[1]) => {
                Some(format!("--{}", pair[1]))
            }
            "-s" => Some(format!("-{}", pair[1])),
            _ => None,
        })
        .collect();
    assert_eq!(options, help_options());
}

#[test]
fn the_bash_and_zsh_sources_have_every_option() {
    let sources = [
        include_str!("../../doc/completions/sftoken.bash"),
        include_str!("../../doc/completions/_sftoken"),
    ];
    for source in sources {
        let words = source.split(|c: char| c != '-' && !c.is_ascii_alphanumeric());
        let words = names(words);
        let missing: Vec<_> = help_options().difference(&words).cloned().collect();
        assert!(missing.is_empty(), "{missing:?} in\n{source}");
        let long = words
            .iter()
            .filter(|word| word.len() > 2 && word.starts_with("--"));
        let unknown: Vec<_> = long
            .filter(|word| !help_options().contains(*word))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?} in\n{source}");
    }
}

/// What bash offers when the last of these words is to be completed.
fn bash(words: &[&str]) -> Option<Names> {
    let script = "source \"$1/sftoken.bash\" && shift && complete -p sftoken >/dev/null || exit
        COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1))
        _sftoken
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let args = [&["-c", script, "bash", COMPLETIONS], words].concat();
    let offered = silent_tool("bash", &args)?;
    Some(names(offered.split_whitespace()))
}

#[test]
fn bash_completes_commands_options_and_values() {
    let print_values = names(["token", "header", "env", "json"]);
    let rest: Names = refresh_options()
        .into_iter()
        .filter(|option| option != "--quiet" && option != "-n")
        .collect();
    let cases: [(&[&str], Names); 11] = [
        (&["sftoken", ""], first_words()),
        (&["sftoken", "refresh", "-"], refresh_options()),
        (&["sftoken", "login", "-"], login_options()),
        (&["sftoken", "help", "-"], Names::new()),
        (&["sftoken", "refresh", "-n", "--quiet", "-"], rest),
        (&["sftoken", "refresh", "--pr"], names(["--print"])),
        (&["sftoken", "refresh", "--print", ""], print_values.clone()),
        (&["sftoken", "refresh", "--print", "="], print_values),
        (
            &["sftoken", "refresh", "--print", "=", "t"],
            names(["token"]),
        ),
        (&["sftoken", "refresh", "--", "-"], Names::new()),
        (&["sftoken", "refresh", "--cacert", "-"], Names::new()),
    ];
    for (words, expected) in cases {
        let Some(offered) = bash(words) else { return };
        assert_eq!(offered, expected, "{words:?}");
    }
}

/// What fish offers at the end of this line, without the descriptions.
fn fish(line: &str) -> Option<Names> {
    let script = "source $argv[1]/sftoken.fish; complete -C $argv[2]";
    let offered = silent_tool("fish", &["--no-config", "-c", script, COMPLETIONS, line])?;
    let lines = offered.lines();
    Some(names(lines.filter_map(|line| line.split('\t').next())))
}

#[test]
fn fish_completes_commands_options_and_values() {
    // fish offers one of two names for the same before anything was typed.
    let cases = [
        ("sftoken ", names(COMMANDS)),
        ("sftoken --", names(["--help", "--version"])),
        ("sftoken refresh --pr", names(["--print"])),
        (
            "sftoken refresh --print ",
            names(["token", "header", "env", "json"]),
        ),
        ("sftoken refresh --print=t", names(["--print=token"])),
        ("sftoken refresh -", refresh_options()),
        ("sftoken login -", login_options()),
    ];
    for (line, expected) in cases {
        let Some(offered) = fish(line) else { return };
        assert_eq!(offered, expected, "{line:?}");
    }
}

/// The specifications that the completion gives to `_arguments` behind a command, which only works
/// at a prompt.
const ZSH: &str = "fpath=($1 $fpath); autoload -Uz compinit; compinit -u -D
    words=($2)
    print -r -- $_comps[sftoken]
    _arguments() { print -rl -- \"$@\"; state=arguments }
    autoload +X _sftoken && _sftoken";

/// What zsh offers behind this command; its specifications, and the options in them.
fn zsh(command: &str) -> Option<(String, Names)> {
    let args = ["-f", "-c", ZSH, "zsh", COMPLETIONS, command];
    let printed = silent_tool("zsh", &args)?;
    let specifications = printed.strip_prefix("_sftoken\n").unwrap();
    // `(what it excludes)--option=[description]:...`
    let options = specifications.lines().filter_map(|line| {
        let (head, _) = line.split_once('[')?;
        Some(head.rsplit(')').next()?.trim_end_matches('='))
    });
    let mut options = names(options);
    // These two may stand in place of a command.
    assert!(options.remove("--version") && options.remove("-V"));
    Some((specifications.to_owned(), options))
}

#[test]
fn zsh_loads_the_completion_with_every_option() {
    for (command, expected) in [("refresh", refresh_options()), ("login", login_options())] {
        let Some((specifications, options)) = zsh(command) else {
            return;
        };
        assert_eq!(options, expected, "{command}");
        let print = "--print=[what to print afterwards]:what:(token header env json)";
        let has_print = specifications.lines().any(|line| line == print);
        assert!(has_print, "{specifications}");
    }
}

#[test]
fn zsh_offers_every_command() {
    let Some((specifications, _)) = zsh("refresh") else {
        return;
    };
    for command in COMMANDS {
        let entry = format!("{command}\\:\"");
        assert!(specifications.contains(&entry), "{specifications}");
    }
}

#[test]
fn no_line_of_the_help_is_wider_than_a_terminal() {
    for line in help().lines() {
        assert!(line.chars().count() <= 80, "{line}");
        assert!(!line.contains('\t'), "{line}");
    }
}
