//! Every crate in the build has a licence that `deny.toml` allows. Read from `cargo metadata`, so that
//! it needs no further tool.

use std::process::Command;

use serde_json::Value;

use crate::tree::{none, root};

#[test]
fn every_dependency_has_a_licence_that_we_allow() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap_or_default();
    let deny: toml::Table = deny.parse().unwrap_or_default();
    let allowed: Vec<&str> = deny
        .get("licenses")
        .and_then(|licenses| licenses.get("allow")?.as_array())
        .map(|list| list.iter().filter_map(toml::Value::as_str).collect())
        .unwrap_or_default();
    assert!(
        allowed.contains(&"MIT"),
        "deny.toml lists the licences under licenses.allow"
    );

    let metadata = metadata();
    let packages = metadata["packages"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    assert!(packages.len() > 50, "cargo metadata lists the dependencies");
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| {
            let licence = package["license"].as_str().unwrap_or_default();
            !permits(licence, &|one| allowed.contains(&one))
        })
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    none(&refused);
}

fn metadata() -> Value {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            &host,
        ])
        .output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    serde_json::from_slice(&output).unwrap_or_default()
}

/// An SPDX expression of OR, AND and brackets; OR binds weaker. An old-style `/` means OR.
fn permits(expression: &str, allowed: &impl Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    let any = split(&expression, " OR ");
    any.iter().any(|part| {
        split(part, " AND ").iter().all(|term| {
            let term = term.trim();
            match term
                .strip_prefix('(')
                .and_then(|inner| inner.strip_suffix(')'))
            {
                Some(inner) => permits(inner, allowed),
                None => allowed(term),
            }
        })
    })
}

/// Splits outside brackets only.
fn split<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0usize, 0usize);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && at >= from && text[at..].starts_with(word) {
            parts.push(&text[from..at]);
            from = at + word.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = |one: &str| ["MIT", "ISC"].contains(&one);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT AND GPL-3.0", false),
        ("ISC AND (GPL-3.0 OR MIT)", true),
        ("GPL-3.0/MIT", true),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    }
}
