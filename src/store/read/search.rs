//! Finds texts in the archive.

use sqlx::AssertSqlSafe;

use super::Snapshot;
use crate::store::Result;
use crate::store::archive::{INDEXED, Indexed, fts_exists};

/// Letters of a text that the index finds, at least.
const TRIGRAM: usize = 3;

/// A row whose text was found.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow, serde::Serialize)]
pub struct Hit {
    /// `post`, `comment` or `user`
    pub kind: String,
    pub id: String,
    /// Who wrote it.
    pub author: Option<String>,
    /// Unix seconds.
    pub at: Option<f64>,
    pub text: String,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Hits {
    /// How many rows have the text. Not all of them may be listed.
    pub found: i64,
    /// The newest first.
    pub hits: Vec<Hit>,
    /// Whether there is an index for all tables that were searched.
    pub has_index: bool,
}

impl Snapshot {
    /// Finds the rows of tables whose texts contain a text, in upper or lower case, and returns the newest of them.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn search(&mut self, text: &str, tables: &[Indexed], limit: u32) -> Result<Hits> {
        let is_long = text.chars().count() >= TRIGRAM;
        let phrase = format!("\"{}\"", text.replace('"', "\"\""));
        let pattern = glob(text);
        let mut has_index = true;
        let mut parts = Vec::new();
        for table in tables {
            let is_indexed = self.is_indexed(table).await?;
            has_index &= is_indexed;
            parts.push(select(table, is_indexed && is_long));
        }
        let all = parts.join(" union all ");
        // Only constants are in the texts.
        let found: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "select count(*) from ({all}) where ?1 <> ?2"
        )))
        .bind(&phrase)
        .bind(&pattern)
        .fetch_one(self.connection())
        .await?;
        let listed =
            format!("select * from ({all}) where ?1 <> ?2 order by at desc, kind, id limit ?3");
        let hits = sqlx::query_as(AssertSqlSafe(listed))
            .bind(&phrase)
            .bind(&pattern)
            .bind(limit)
            .fetch_all(self.connection())
            .await?;
        Ok(Hits {
            found,
            hits,
            has_index,
        })
    }

    /// Returns whether a table has a full-text index.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn has_index(&mut self, table: &Indexed) -> Result<bool> {
        fts_exists(self.connection(), table.index).await
    }

    /// Makes an index again in a temporary file, as `again_…`, with the terms that are due and found, as `due_…` and
    /// `found_…`.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read, or the temporary file cannot be written.
    pub async fn index_again(&mut self, of: &Indexed) -> Result<()> {
        let Indexed { table, index, .. } = of;
        let columns = of.list("");
        let text = format!(
            "create virtual table temp.again_{index} using fts5 ({columns}, content = '', tokenize = 'trigram');
             insert into temp.again_{index} (rowid, {columns}) select id, {columns} from main.{table};
             create virtual table temp.due_{index} using fts5vocab ('temp', 'again_{index}', 'col');
             create virtual table temp.found_{index} using fts5vocab ('main', '{index}', 'col')"
        );
        // Only constants are in the text.
        sqlx::raw_sql(AssertSqlSafe(text))
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Returns whether all rows of a table are in its full-text index.
    ///
    /// # Errors
    /// Returns an error if the archive cannot be read.
    pub async fn is_indexed(&mut self, table: &Indexed) -> Result<bool> {
        if !self.has_index(table).await? {
            return Ok(false);
        }
        let text = format!(
            "select (select count(*) from {}_docsize) = (select count(*) from {})",
            table.index, table.table
        );
        Ok(sqlx::query_scalar(AssertSqlSafe(text))
            .fetch_one(self.connection())
            .await?)
    }
}

/// Returns the table with this name.
#[must_use]
pub fn indexed(table: &str) -> Option<Indexed> {
    INDEXED.into_iter().find(|indexed| indexed.table == table)
}

/// A pattern that fits texts with this text in upper or lower case. `like` knows only the case of ASCII.
fn glob(text: &str) -> String {
    let mut pattern = "*".to_owned();
    for letter in text.chars() {
        let (mut lower, mut upper) = (letter.to_lowercase(), letter.to_uppercase());
        match (lower.next(), lower.next(), upper.next(), upper.next()) {
            // A letter that becomes several has no pattern.
            (Some(lower), None, Some(upper), None) if lower != upper => {
                pattern.extend(['[', lower, upper, ']']);
            }
            _ if "*?[".contains(letter) => pattern.extend(['[', letter, ']']),
            _ => pattern.push(letter),
        }
    }
    pattern + "*"
}

/// The rows of a table whose texts contain `?1`, a phrase, or fit `?2`.
fn select(of: &Indexed, uses_index: bool) -> String {
    let condition = match uses_index {
        true => format!(
            "t.id in (select rowid from {0} where {0} match ?1)",
            of.index
        ),
        false => {
            let columns = of.columns.iter();
            let columns = columns.map(|column| format!("t.{column} glob ?2"));
            columns.collect::<Vec<_>>().join(" or ")
        }
    };
    let (kind, author) = match of.table {
        "posts" => ("post", "left join users a on a.id = t.author_id"),
        "comments" => ("comment", "left join users a on a.id = t.author_id"),
        _ => ("user", "join users a on a.id = t.id"),
    };
    let at = if kind == "user" {
        "t.created_at"
    } else {
        "t.posted_at"
    };
    let texts = of
        .columns
        .iter()
        .map(|column| format!("nullif(t.{column}, '')"));
    let texts = texts.collect::<Vec<_>>().join(", ");
    format!(
        "select '{kind}' as kind, t.{kind}_id as id, coalesce(a.username, a.user_id) as author, {at} as at,
             concat_ws(' / ', {texts}) as text
         from {} t {author} where {condition}",
        of.table
    )
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_pattern_has_both_cases_and_no_signs_of_its_own() {
        assert_eq!(glob("Zë*"), "*[zZ][ëË][*]*");
        assert_eq!(glob("[]?"), "*[[]][?]*");
        assert_eq!(glob("^電"), "*^電*");
    }
}
