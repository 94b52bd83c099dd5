//! What must not stay behind in a commit: unfinished code, tests that are switched off, exceptions from
//! the lints, and traces of the machine that somebody worked on.

use crate::tree::{none, tracked};

const CODE: &[&str] = &[".rs", ".ts", ".svelte", ".mjs", ".sh"];

/// Written in halves, so that this file does not find itself.
const UNFINISHED: &[(&str, &str)] = &[
    ("tod", "o!("),
    ("unimple", "mented!("),
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("#[ign", "ore"),
    ("#[al", "low("),
    ("#![al", "low("),
    ("test.on", "ly("),
    ("it.on", "ly("),
    ("test.sk", "ip("),
    ("it.sk", "ip("),
    ("describe.sk", "ip("),
];

const OF_ONE_MACHINE: &[(&str, &str)] = &[
    ("/work/", "main"),
    ("/work/", "shared"),
    (".lib", "rary/"),
    ("/tmp/", "brief"),
    ("bash_", "jobs"),
    ("/root", "/.cargo"),
];

#[test]
fn nothing_is_left_undone_or_switched_off() {
    find(UNFINISHED, |path| {
        CODE.iter().any(|ending| path.ends_with(ending))
    });
}

#[test]
fn no_file_remembers_the_machine_it_was_written_on() {
    find(OF_ONE_MACHINE, |_| true);
}

/// The lock file of the pages must name the public registry, whatever mirror somebody used.
#[test]
fn the_pages_packages_come_from_the_public_registry() {
    let mut findings = Vec::new();
    for file in tracked()
        .iter()
        .filter(|file| file.path.ends_with("package-lock.json"))
    {
        for (number, line) in file.lines() {
            let elsewhere = line.contains("\"resolved\": \"http")
                && !line.contains("\"resolved\": \"https://registry.npmjs.org/");
            if elsewhere {
                findings.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none(&findings);
}

fn find(phrases: &[(&str, &str)], wanted: impl Fn(&str) -> bool) {
    let phrases: Vec<String> = phrases.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut findings = Vec::new();
    for file in tracked().iter().filter(|file| wanted(&file.path)) {
        for (number, line) in file.lines() {
            for phrase in phrases.iter().filter(|phrase| line.contains(*phrase)) {
                findings.push(format!("{}:{number}: {phrase}", file.path));
            }
        }
    }
    none(&findings);
}
