//! Where things may lie and what they may be called (STYLE.md): the top level is fixed, names say what
//! is inside, files stay readable in one sitting.

use crate::tree::{none, tracked};

const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".gitignore",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "clippy.toml",
    "core-device",
    "deny.toml",
    "deploy",
    "hub",
    "proto",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "tests",
    "web",
];
const BANNED_NAMES: &[&str] = &[
    "utils", "util", "common", "helpers", "helper", "core", "types", "misc", "manager", "service",
];
const CODE: &[&str] = &[
    ".rs", ".ts", ".svelte", ".mjs", ".js", ".proto", ".sh", ".css",
];
/// Past this, a file is more than one idea.
const LONGEST_LINES: usize = 500;
/// Made by a tool from something that is checked itself.
const GENERATED: &[&str] = &["web/shared/api/schema.d.ts"];

#[test]
fn the_top_level_is_as_designed() {
    let strays: Vec<String> = tracked()
        .iter()
        .filter_map(|file| file.path.split('/').next())
        .filter(|top| !TOP_LEVEL.contains(top))
        .map(|top| format!("{top}: not part of the layout; a feature is a folder further down"))
        .collect();
    none(&strays);
}

#[test]
fn names_say_what_is_inside() {
    let vague: Vec<String> = tracked()
        .iter()
        .filter(|file| file.has_ending(CODE))
        .filter(|file| {
            file.path
                .split(['/', '.'])
                .any(|part| BANNED_NAMES.contains(&part))
        })
        .map(|file| format!("{}: say what is inside instead", file.path))
        .collect();
    none(&vague);
}

#[test]
fn no_file_is_longer_than_one_sitting() {
    let long: Vec<String> = tracked()
        .iter()
        .filter(|file| file.has_ending(CODE) && !GENERATED.contains(&file.path.as_str()))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_LINES)
        .map(|(file, lines)| format!("{}: {lines} lines, at most {LONGEST_LINES}", file.path))
        .collect();
    none(&long);
}

#[test]
fn every_rust_file_opens_with_what_it_is_for() {
    let silent: Vec<String> = tracked()
        .iter()
        .filter(|file| file.path.ends_with(".rs") && !file.text.trim().is_empty())
        .filter(|file| !file.text.starts_with("//!") && !file.path.ends_with("/tests.rs"))
        .map(|file| format!("{}: open with two or three sentences (//!)", file.path))
        .collect();
    none(&silent);
}
