//! The files that Git tracks, read once a rule. No rule of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the workspace lies.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

pub(crate) struct Tracked {
    /// From the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Tracked {
    pub(crate) fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.path.ends_with(ending))
    }

    /// Lines with their numbers.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| (n + 1, line))
    }
}

/// Every tracked text file that still exists. Pictures and other binaries are left out.
pub(crate) fn tracked() -> Vec<Tracked> {
    let root = root();
    let listed = Command::new("git")
        .arg("-C")
        .arg(&root)
        .args(["ls-files", "-z"])
        .output();
    let listed = listed.map(|output| output.stdout).unwrap_or_default();
    let files: Vec<Tracked> = String::from_utf8_lossy(&listed)
        .split('\0')
        .filter(|path| !path.is_empty())
        .filter_map(|path| {
            Some(Tracked {
                path: path.to_owned(),
                text: std::fs::read_to_string(root.join(path)).ok()?,
            })
        })
        .collect();
    assert!(
        files.len() > 20,
        "this is not a checkout: git ls-files lists {} files",
        files.len()
    );
    files
}

/// Fails with all findings at once.
pub(crate) fn none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
