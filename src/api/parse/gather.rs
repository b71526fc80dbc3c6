//! What the readers of one reply fill together.

use std::collections::{HashMap, HashSet};

use super::ids::bare;
use super::place::{Odds, Place};
use crate::api::endpoint::Malformed;
use crate::model::{Comment, Harvest};

/// How deep objects may hold each other (a parent's parent's parent …) before the rest is left to the raw reply.
const DEPTH: u32 = 32;

/// The rows found so far.
pub struct Gather<'o> {
    pub rows: Harvest,
    pub odds: &'o Odds,
    depth: u32,
}

impl Gather<'_> {
    /// Reads something one level further in, unless that is too deep.
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

/// Runs the readers over one reply and hands out what they found.
///
/// # Errors
/// Whatever the readers say makes the whole reply useless.
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

/// Drops an item's repetitions within its page, keeping the order.
fn keep_once(ids: &mut Vec<String>) {
    let mut seen = HashSet::with_capacity(ids.len());
    let keep: Vec<bool> = ids.iter().map(|id| seen.insert(id.as_str())).collect();
    let mut keep = keep.into_iter();
    ids.retain(|_| keep.next().unwrap_or(true));
}

/// A comment is sometimes named with an `s_` that its own object lacks: takes the spelling of the object.
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
