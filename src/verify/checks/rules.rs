//! The `check` constraints of the tables. SQLite's integrity check skips them if the file is opened read-only.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::store::Result;
use crate::store::archive::Scratch;
use crate::store::read::Snapshot;
use crate::verify::check::{Check, Finding};

const RULES: Check = Check {
    check: "rules",
    promise: "P2",
    proves: "all CHECK constraints hold",
};

/// A named `check` constraint of a table.
#[derive(Debug, PartialEq, Eq)]
struct Rule<'s> {
    name: &'s str,
    is_kept: &'s str,
}

impl Snapshot {
    /// Tests every row against the `check` constraints of the current schema.
    pub async fn rules(&mut self, scratch: &mut Scratch) -> Finding {
        let mut finding = Finding::new(RULES);
        if let Err(error) = self.ask_rules(scratch, &mut finding).await {
            finding.fail("", error);
        }
        finding
    }

    async fn ask_rules(&mut self, scratch: &mut Scratch, finding: &mut Finding) -> Result<()> {
        let tables: Vec<(String, String, String)> = sqlx::query_as(
            "select t.name, t.sql, coalesce((select c.name from pragma_table_info(t.name) c where c.name = 'id'), '0')
             from sqlite_master t where t.type = 'table' and t.sql like '%check (%' order by t.name",
        )
        .fetch_all(scratch.connection())
        .await?;
        for (table, sql, id) in tables {
            let sql = without_comments(&sql);
            for rule in rules(&sql) {
                let (first, broken) = ask(self.connection(), &table, &id, &rule).await?;
                for _ in 0..broken {
                    finding.add(format!(
                        "{table}: {} is violated, first by row {first}",
                        rule.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Returns the first row that violates a constraint, and the number of such rows. `id` is the number of a row, as SQL.
async fn ask(
    connection: &mut SqliteConnection,
    table: &str,
    id: &str,
    rule: &Rule<'_>,
) -> Result<(i64, i64)> {
    // Table and constraint come from this program's own migrations.
    let text = format!(
        "select coalesce(min(id), 0), count(*) from (select {id} as id from {table} where not ({}))",
        rule.is_kept
    );
    Ok(sqlx::query_as(AssertSqlSafe(text))
        .fetch_one(connection)
        .await?)
}

fn without_comments(sql: &str) -> String {
    sql.lines()
        .map(|line| line.split_once("--").map_or(line, |(code, _)| code))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns the named `check` constraints of a `create table` statement.
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

/// Returns the text between the first bracket and its closing bracket.
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
    fn named_constraints_are_parsed_from_a_table() {
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
    fn every_check_in_the_migrations_is_found() {
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
