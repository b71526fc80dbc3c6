//! Collects the rows and odd items of one reply while its parsers run.

use std::collections::{HashMap, HashSet};

use super::ids::bare;
use super::place::{Odds, Place};
use crate::api::endpoint::Malformed;
use crate::model::{Comment, Harvest};

/// Maximum nesting of objects, such as parents of parents. Deeper objects remain only in the raw reply.
const DEPTH: u32 = 32;

/// The rows found so far.
pub struct Gather<'o> {
    pub rows: Harvest,
    pub odds: &'o Odds,
    depth: u32,
}

impl Gather<'_> {
    /// Reads one nesting level deeper. Notes an odd item and returns `None` at the maximum depth.
    pub fn deeper<T>(
        &mut self,
        place: &Place<'_>,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.depth == DEPTH {
            self.odds.note(place, "nested too deep");
            return None;
        }
        self.depth += 1;
        let got = read(self);
        self.depth -= 1;
        got
    }
}

/// Runs the parsers over one reply and returns what they found.
///
/// # Errors
/// Returns the parsers' error if the reply has no usable content.
pub fn gather(
    read: impl FnOnce(&mut Gather<'_>) -> Result<(), Malformed>,
) -> Result<Harvest, Malformed> {
    let odds = Odds::default();
    let mut gather = Gather {
        rows: Harvest::default(),
        odds: &odds,
        depth: 0,
    };
    read(&mut gather)?;
    let mut rows = gather.rows;
    rows.odd = odds.into_list();
    keep_once(&mut rows.items);
    spell_parents_alike(&mut rows.comments);
    Ok(rows)
}

/// Removes duplicate ids and keeps the order.
fn keep_once(ids: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(ids.len());
    let keep: Vec<bool> = ids.iter().map(|id| seen.insert(id.as_str())).collect();
    let mut keep = keep.into_iter();
    ids.retain(|_| keep.next().unwrap_or(true));
}

/// Replaces parent ids by the form in the parent's own object, because references may have an extra `s_` prefix.
fn spell_parents_alike(comments: &mut [Comment]) {
    if comments
        .iter()
        .all(|comment| comment.parent_comment_id.is_none())
    {
        return;
    }
    let spellings: HashMap<String, String> = comments
        .iter()
        .map(|comment| {
            (
                bare(&comment.comment_id).to_owned(),
                comment.comment_id.clone(),
            )
        })
        .collect();
    for comment in comments {
        if let Some(parent) = &mut comment.parent_comment_id
            && let Some(spelling) = spellings.get(bare(parent))
        {
            parent.clone_from(spelling);
        }
    }
}
