//! Paths into a reply, and the list of its odd items.

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::model::Odd;

/// Maximum number of odd items to keep per reply. A reply with more usually repeats the same one.
const KEPT: usize = 100;

/// A path into a reply, built on the stack. It is formatted only for an odd item or an error.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    up: Option<&'p Place<'p>>,
    step: Step,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Key(&'static str),
    Index(usize),
}

impl<'p> Place<'p> {
    /// Path of the payload.
    pub const DATA: Place<'static> = Place {
        up: None,
        step: Step::Key("data"),
    };

    pub fn key(&'p self, key: &'static str) -> Self {
        Self {
            up: Some(self),
            step: Step::Key(key),
        }
    }

    pub fn index(&'p self, index: usize) -> Self {
        Self {
            up: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(up) = self.up {
            write!(f, "{up}")?;
        }
        match self.step {
            Step::Key(key) if self.up.is_some() => write!(f, ".{key}"),
            Step::Key(key) => f.write_str(key),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// Odd items of one reply. All its parsers share the list, so it uses cells.
#[derive(Debug, Default)]
pub struct Odds {
    kept: RefCell<Vec<Odd>>,
    more: Cell<usize>,
}

impl Odds {
    /// Notes an odd item. It formats the arguments only if it keeps the item.
    pub fn note(&self, at: impl fmt::Display, why: impl fmt::Display) {
        let mut kept = self.kept.borrow_mut();
        if kept.len() < KEPT {
            kept.push(Odd {
                at: at.to_string(),
                why: why.to_string(),
            });
        } else {
            self.more.set(self.more.get() + 1);
        }
    }

    /// Returns the kept items, plus one that counts the others.
    pub fn into_list(self) -> Vec<Odd> {
        let mut list = self.kept.into_inner();
        if self.more.get() > 0 {
            list.push(Odd {
                at: Place::DATA.to_string(),
                why: format!("and {} more", self.more.get()),
            });
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_displays_as_a_path() {
        let (items, item) = (Place::DATA.key("items"), Place::DATA.key("items"));
        let item = item.index(3);
        let post = item.key("post");
        assert_eq!(
            post.key("like_count").to_string(),
            "data.items[3].post.like_count"
        );
        assert_eq!(items.to_string(), "data.items");
    }

    #[test]
    fn a_hundred_odd_items_are_kept_and_the_rest_is_counted() {
        let odds = Odds::default();
        for _ in 0..250 {
            odds.note("data", "odd");
        }
        let list = odds.into_list();
        assert_eq!(list.len(), 101);
        assert_eq!(list[100].why, "and 150 more");
    }
}
