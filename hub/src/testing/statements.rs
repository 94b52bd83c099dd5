//! Every SQL text of the hub, prepared on both engines: one that PostgreSQL refuses is found here and
//! not in a city.

use super::{TestWorld, on_both_engines};
use sqlx::{AssertSqlSafe, Executor};
use std::path::Path;

#[tokio::test]
async fn every_statement_is_understood_by_both_engines() {
    let mut statements = Vec::new();
    collect(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut statements,
    );
    assert!(
        statements.len() > 20,
        "found {} statements only",
        statements.len()
    );
    on_both_engines(async |test: &TestWorld| {
        let mut conn = test.world.store.pool().acquire().await.unwrap();
        for (file, sql) in &statements {
            let prepared = (&mut *conn)
                .prepare(sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(sql.clone())))
                .await;
            assert!(
                prepared.is_ok(),
                "{:?} refuses a statement of {file}: {sql}\n{:?}",
                test.world.store.engine(),
                prepared.err()
            );
        }
    })
    .await;
}

fn collect(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("testing") && !path.ends_with("tests") {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // Tests may have tables of their own.
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default();
            into.extend(
                literals(text)
                    .into_iter()
                    .filter(|l| is_statement(l))
                    .map(|sql| (path.display().to_string(), sql)),
            );
        }
    }
}

fn is_statement(literal: &str) -> bool {
    ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "]
        .iter()
        .any(|verb| literal.starts_with(verb))
}

/// The contents of plain string literals, with `\` line continuations joined.
fn literals(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // A character or lifetime, or the rest of a comment line: neither opens a string.
            '\'' if chars.peek() == Some(&'"') => drop(chars.next()),
            '/' if chars.peek() == Some(&'/') => drop(chars.by_ref().find(|c| *c == '\n')),
            '"' => found.push(literal(&mut chars)),
            _ => {}
        }
    }
    found
}

fn literal(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => break,
            },
            c => text.push(c),
        }
    }
    text
}
