//! What the documents point at exists: relative links, and the tests that they name as proof of a
//! promise.

use std::path::Path;

use crate::tree::{none, root, tracked};

#[test]
fn every_relative_link_in_a_document_leads_somewhere() {
    let mut findings = Vec::new();
    for file in tracked().iter().filter(|file| file.path.ends_with(".md")) {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (number, line) in file.lines() {
            for target in link_targets(line) {
                if !root().join(folder).join(target).exists() {
                    findings.push(format!("{}:{number}: {target} does not exist", file.path));
                }
            }
        }
    }
    none(&findings);
}

/// A promise in the README names its test as code; a renamed test must not leave it behind.
#[test]
fn every_test_that_the_readme_names_exists() {
    let files = tracked();
    let all_tests: String = files
        .iter()
        .filter(|file| file.has_ending(&[".rs", ".mjs", ".ts"]))
        .map(|file| file.text.as_str())
        .collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path == "README.md") {
        for (number, line) in file.lines() {
            for name in sentences_in_code(line) {
                if !all_tests.contains(&format!("fn {name}(")) {
                    findings.push(format!("{}:{number}: there is no test {name}", file.path));
                }
            }
        }
    }
    none(&findings);
}

fn link_targets(line: &str) -> Vec<&str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#', ' ']).next())
        .filter(|target| {
            !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")
        })
        .collect()
}

/// Names like `a_revoked_share_stops_at_the_camera`: four words or more.
fn sentences_in_code(line: &str) -> Vec<&str> {
    line.split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.matches('_').count() >= 3)
        .filter(|code| {
            code.chars().all(|letter| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
            })
        })
        .collect()
}
