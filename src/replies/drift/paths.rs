//! The paths of an endpoint's replies, with their histories. Bounded, whatever the remote sends.

use std::collections::HashMap;

use super::history::PathHistory;
use crate::api::{Entry, survey};

/// Most paths of an endpoint. Further ones are only counted.
const PATHS: usize = 2_000;
/// Longest path in bytes. What is deeper is not looked at.
const PATH_BYTES: usize = 300;

/// Which reply shows something, and when it was kept, in Unix seconds.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub call_id: i64,
    pub at: f64,
}

/// All paths of an endpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EndpointPaths {
    pub replies: u64,
    /// Replies that are not JSON.
    pub unreadable: u64,
    /// Values whose path had no room any more.
    pub cut: u64,
    pub paths: HashMap<String, PathHistory>,
}

impl EndpointPaths {
    /// Adds a reply.
    pub fn add(&mut self, entry: &Entry, subject: &str, body: &[u8], seen: Seen) {
        let number = self.replies;
        let (paths, cut) = (&mut self.paths, &mut self.cut);
        let read = survey(entry, subject, body, |sight| {
            let Some(path) = room(paths, sight.path) else {
                *cut += 1;
                return;
            };
            if path.times == 0 {
                path.first = number;
                path.first_call = seen.call_id;
                path.first_at = seen.at;
            }
            if path.times == 0 || path.last != number {
                path.times += 1;
            }
            path.last = number;
            path.last_call = seen.call_id;
            path.last_at = seen.at;
            path.is_read |= sight.is_read;
            path.types.entry(sight.kind).or_insert(number);
            if path.example.is_empty() || path.example == "null" {
                path.example = sight.masked();
            }
        });
        match read {
            Ok(()) => self.replies += 1,
            Err(_) => self.unreadable += 1,
        }
    }

    /// Adds what later replies show.
    pub fn extend(&mut self, later: Self) {
        for (name, history) in later.paths {
            let has_room = self.paths.len() < PATHS;
            match self.paths.get_mut(&name) {
                Some(known) => known.extend(history, self.replies),
                None if has_room => {
                    self.paths.insert(name, history.after(self.replies));
                }
                None => self.cut += history.times,
            }
        }
        self.replies += later.replies;
        self.unreadable += later.unreadable;
        self.cut += later.cut;
    }
}

/// Returns the history of a path; `None` if there are too many already.
fn room<'p>(
    paths: &'p mut HashMap<String, PathHistory>,
    name: &str,
) -> Option<&'p mut PathHistory> {
    if !paths.contains_key(name) {
        if paths.len() >= PATHS || name.len() > PATH_BYTES {
            return None;
        }
        paths.insert(name.to_owned(), PathHistory::default());
    }
    paths.get_mut(name)
}

#[cfg(test)]
mod tests {
    use super::{EndpointPaths, PATHS, Seen};
    use crate::api::endpoints;

    fn add(paths: &mut EndpointPaths, call_id: i64, body: &str) {
        let seen = Seen { call_id, at: 10.0 };
        paths.add(&endpoints::ALL[0], "x", body.as_bytes(), seen);
    }

    #[test]
    fn batches_give_the_same_as_one_pass() {
        let bodies: Vec<String> = (0..40)
            .map(|n| match n % 3 {
                0 => format!(r#"{{"count":{n},"items":[{{"id":null}},{{"id":1}}]}}"#),
                1 => r#"{"count":"x","link":true}"#.to_owned(),
                _ => r#"{"items":[]}"#.to_owned(),
            })
            .collect();
        let mut whole = EndpointPaths::default();
        let mut parts = EndpointPaths::default();
        for (batch, bodies) in (0..).zip(bodies.chunks(7)) {
            let mut part = EndpointPaths::default();
            for (at, body) in (0..).zip(bodies) {
                add(&mut whole, batch * 7 + at, body);
                add(&mut part, batch * 7 + at, body);
            }
            parts.extend(part);
        }
        assert_eq!(whole, parts);
        let b = &whole.paths["items[].id"];
        assert_eq!((b.times, b.first, b.last, b.last_call), (14, 0, 39, 39));
        assert_eq!(b.example, "an integer of 1 to 3 digits");
        assert_eq!(whole.replies, 40);
    }

    #[test]
    fn the_number_of_paths_is_bounded() {
        let mut paths = EndpointPaths::default();
        let words = [
            "post", "like", "view", "user", "count", "video", "id", "url", "time", "name", "text",
            "type", "page",
        ];
        for n in 0..PATHS + 10 {
            let word = |n: usize| words[n % words.len()];
            let key = format!("{}_{}_{}", word(n), word(n / 13), word(n / 169));
            add(&mut paths, 1, &format!(r#"{{"{key}":1}}"#));
        }
        assert_eq!((paths.paths.len(), paths.cut), (PATHS, 10));
        add(&mut paths, 1, "<html>");
        assert_eq!(paths.unreadable, 1);
    }
}
