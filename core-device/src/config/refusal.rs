//! Why a configuration was refused, in one sentence: file, field, problem, way out.

use std::fmt;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    /// `camera[2].main`, or empty when the whole file is meant.
    field: String,
    problem: String,
    way_out: &'static str,
}

impl ConfigError {
    pub(super) fn new(file: &Path, field: &str, problem: String, way_out: &'static str) -> Self {
        Self {
            file: file.to_path_buf(),
            field: field.to_owned(),
            problem,
            way_out,
        }
    }

    /// Keeps the parser's message and line, and leaves out the line's text: it may be a password.
    pub(super) fn from_toml(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map(|before| before.matches('\n').count() + 1);
        let place = line.map_or_else(String::new, |line| format!("line {line}"));
        Self::new(
            file,
            &place,
            format!("is not understood: {}", error.message().trim()),
            "every field is described in deploy/core-device.example.toml",
        )
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, " {}; {}", self.problem, self.way_out)
    }
}

impl std::error::Error for ConfigError {}
