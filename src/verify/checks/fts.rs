//! Checks that the full-text index, where there is one, has the texts of the archive.

use sqlx::AssertSqlSafe;

use crate::store::Result;
use crate::store::archive::{INDEXED, Indexed};
use crate::store::read::Snapshot;
use crate::verify::check::{Check, Finding};

const TEXTS: Check = Check {
    check: "full text",
    promise: "file",
    proves: "the full-text index, where there is one, has exactly the texts of the archive",
};

impl Snapshot {
    /// Makes each index again in a temporary file, and compares.
    pub async fn full_text(&mut self) -> Finding {
        let mut finding = Finding::new(TEXTS);
        for indexed in INDEXED {
            if let Err(error) = self.compare_index(&indexed, &mut finding).await {
                finding.fail(&format!("{} ", indexed.index), error);
            }
        }
        finding
    }

    async fn compare_index(&mut self, of: &Indexed, finding: &mut Finding) -> Result<()> {
        if !self.has_index(of).await? {
            return Ok(());
        }
        if !self.is_indexed(of).await? {
            let why = format!(
                "{} is not complete; `soracrawl index` completes it",
                of.index
            );
            finding.unchecked = Some(why);
            return Ok(());
        }
        let Indexed { table, index, .. } = of;
        self.index_again(of).await?;
        // Only constants are in the text.
        let breaches = format!(
            "select '{index}: row ' || d.id || ' of {table} is not indexed as it is'
             from temp.again_{index}_docsize d left join main.{index}_docsize f using (id) where f.sz is not d.sz
             union all
             select '{index}: row ' || id || ' is indexed and does not exist' from main.{index}_docsize
             where id not in (select id from main.{table})
             union all
             select '{index}: \"' || term || '\" is not indexed as the texts have it'
             from (select term, col, doc, cnt from temp.due_{index} except select term, col, doc, cnt from temp.found_{index})
             union all
             select '{index}: \"' || term || '\" is indexed as no text has it'
             from (select term, col, doc, cnt from temp.found_{index} except select term, col, doc, cnt from temp.due_{index})"
        );
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(breaches))
            .fetch_all(self.connection())
            .await?;
        found.into_iter().for_each(|what| finding.add(what));
        Ok(())
    }
}
