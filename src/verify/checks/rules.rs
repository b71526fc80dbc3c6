//! The rules that tables have of their own: SQLite leaves them out of its own check where a file is opened read-only.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::Result;
use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::verify::check::{Check, Finding, unreadable};

const RULES: Check = Check {
    check: "rules",
    promise: "P2",
    proves: "every row keeps the rules of its table: no state that cannot be",
};

/// A `check` of a table.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'s> {
    name: &'s str,
    is_kept: &'s str,
}

impl Snapshot {
    /// Asks every row for the rules that a new archive has.
    pub async fn rules(&mut self, scratch: &mut Scratch) -> Finding {
        let mut finding = Finding::new(RULES);
        if let Err(error) = self.ask_rules(scratch, &mut finding).await {
            finding.add(unreadable(&error));
        }
        finding
    }

    async fn ask_rules(&mut self, scratch: &mut Scratch, finding: &mut Finding) -> Result<()> {
        let tables: Vec<(String, String)> = sqlx::query_as(
            "select name, sql from sqlite_master where type = 'table' and sql like '%check (%' order by name",
        )
        .fetch_all(scratch.connection())
        .await?;
        for (table, sql) in tables {
            let sql = without_comments(&sql);
            for rule in rules(&sql) {
                let (first, broken) = ask(self.connection(), &table, &rule).await?;
                for _ in 0..broken {
                    finding.add(format!(
                        "{table}: {} is broken, first by row {first}",
                        rule.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The first row that breaks a rule, and how many there are.
async fn ask(
    connection: &mut SqliteConnection,
    table: &str,
    rule: &Rule<'_>,
) -> Result<(i64, i64)> {
    // Table and rule are this program's own migrations.
    let text = format!(
        "select coalesce(min(id), 0), count(*) from (select {} as id from {table} where not ({}))",
        if HAS_NO_ID.contains(&table) {
            "0"
        } else {
            "id"
        },
        rule.is_kept
    );
    Ok(sqlx::query_as(AssertSqlSafe(text))
        .fetch_one(connection)
        .await?)
}

/// Tables with rules and without a number for each row.
const HAS_NO_ID: [&str; 1] = ["spend"];

fn without_comments(sql: &str) -> String {
    sql.lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The named checks of a `create table`.
fn rules(sql: &str) -> Vec<Rule<'_>> {
    sql.split("constraint ")
        .skip(1)
        .filter_map(|text| {
            let (name, rest) = text.split_once(char::is_whitespace)?;
            let is_kept = in_brackets(rest.trim_start().strip_prefix("check")?.trim_start())?;
            Some(Rule { name, is_kept })
        })
        .collect()
}

/// What stands between the first bracket and the one that closes it.
fn in_brackets(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return text.get(1..at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Rule, rules, without_comments};
    use crate::store::MIGRATIONS;

    #[test]
    fn rules_are_read_out_of_a_table() {
        let sql = "create table t (\n a text constraint one check (a in ('x', 'y')), -- b) constraint no check (0)\n\
                   b integer, constraint two\n check ((a is null) = (b is null))\n) strict";
        let sql = without_comments(sql);
        let expected = [
            Rule {
                name: "one",
                is_kept: "a in ('x', 'y')",
            },
            Rule {
                name: "two",
                is_kept: "(a is null) = (b is null)",
            },
        ];
        assert_eq!(rules(&sql), expected);
    }

    #[test]
    fn every_check_of_the_migrations_is_found() {
        let mut found = 0;
        for migration in MIGRATIONS.iter() {
            let sql = without_comments(migration.sql.as_str());
            assert_eq!(
                rules(&sql).len(),
                sql.matches("check (").count(),
                "{}",
                migration.description
            );
            found += rules(&sql).len();
        }
        assert!(found > 10, "{found}");
    }
}
