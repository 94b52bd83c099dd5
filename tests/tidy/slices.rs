//! A slice of the hub uses only slices to its right; equal ranks never meet. So a feature is one folder,
//! and a change in it can break only what lies to its left.

use crate::tree::{none, tracked};

/// Left to right, as DESIGN.md draws it. What stands together in one entry is of equal rank.
const ORDER: &[&[&str]] = &[
    &["oversight", "plates", "bodyworn", "evidence"],
    &["alerts"],
    &["incidents"],
    &["viewing"],
    &["sharing"],
    &["words", "mailbox"],
    &["devices", "feeds", "registry"],
    &["identity"],
    &["audit"],
];
/// The ground that everything stands on; it knows no slice, and its parts may know each other.
const GROUND: &[&str] = &["world", "config", "error"];
/// These put the slices together and so may see them all; no slice may see them.
const FRONTS: &[&str] = &[
    "http", "link", "admin", "run", "state", "lib", "main", "testing",
];

#[test]
fn a_slice_uses_only_slices_to_its_right() {
    let mut findings = Vec::new();
    for file in tracked() {
        let Some(slice) = slice_of(&file.path) else {
            continue;
        };
        let product = file
            .text
            .split("#[cfg(test)]\nmod tests {")
            .next()
            .unwrap_or_default();
        for used in used_modules(product) {
            if let Some(why) = forbidden(&slice, &used) {
                findings.push(format!("{}: {slice} uses crate::{used}: {why}", file.path));
            }
        }
    }
    findings.sort();
    findings.dedup();
    none(&findings);
}

#[test]
fn every_module_of_the_hub_has_a_place_in_the_order() {
    let known =
        |name: &str| rank(name).is_some() || GROUND.contains(&name) || FRONTS.contains(&name);
    let mut findings: Vec<String> = tracked()
        .iter()
        .filter_map(|file| slice_of(&file.path))
        .filter(|slice| !known(slice))
        .map(|slice| {
            format!("hub/src/{slice}: give it a place in tests/tidy/slices.rs, or move it")
        })
        .collect();
    findings.sort();
    findings.dedup();
    none(&findings);
}

fn forbidden(slice: &str, used: &str) -> Option<String> {
    if slice == used || GROUND.contains(&used) || FRONTS.contains(&slice) {
        return None;
    }
    if FRONTS.contains(&used) {
        return Some(format!(
            "{used} puts the slices together; a slice does not know it"
        ));
    }
    let there = rank(used)?;
    if GROUND.contains(&slice) {
        return Some("the ground knows no slice".to_owned());
    }
    let here = rank(slice)?;
    match here.cmp(&there) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => Some("they are of equal rank and never meet".to_owned()),
        std::cmp::Ordering::Greater => Some(format!("{used} is to its left")),
    }
}

fn rank(name: &str) -> Option<usize> {
    ORDER.iter().position(|equals| equals.contains(&name))
}

/// `hub/src/sharing/press.rs` belongs to `sharing`; tests beside a slice may see more.
fn slice_of(path: &str) -> Option<String> {
    let inside = path.strip_prefix("hub/src/")?.strip_suffix(".rs")?;
    if inside.ends_with("tests") || inside.contains("/tests/") {
        return None;
    }
    inside.split('/').next().map(str::to_owned)
}

/// First path segments after `crate::`, also from groups: `use crate::{audit::Audit, world}`.
fn used_modules(text: &str) -> Vec<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let mut used = Vec::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => used.extend(group_heads(group)),
            None => used.push(word(after)),
        }
    }
    used
}

/// The first word of each item at the first level of a `{…}` group.
fn group_heads(group: &str) -> Vec<String> {
    let (mut depth, mut heads, mut at_start) = (0, Vec::new(), true);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            letter if at_start && !letter.is_whitespace() => {
                heads.push(word(&group[at..]));
                at_start = false;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

#[test]
fn the_scan_finds_what_it_must() {
    let text = "use crate::{audit::{Audit, Event}, world::World};\n// crate::alerts\nlet x = crate::viewing::open();";
    assert_eq!(used_modules(text), ["audit", "world", "viewing"]);
    assert!(forbidden("sharing", "viewing").is_some(), "to its left");
    assert!(forbidden("devices", "feeds").is_some(), "equal rank");
    assert!(forbidden("viewing", "audit").is_none(), "to its right");
    assert!(forbidden("audit", "http").is_some(), "a front");
}
