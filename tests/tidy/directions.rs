//! Which room may import from which.

use std::collections::{BTreeMap, BTreeSet};

use crate::rooms::{NONE, production, room};
use crate::{between, file};

/// `room → a, b` for each room, as docs/architecture.md says.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let architecture = file("docs/architecture.md");
    between(&architecture, "directions")
        .lines()
        .filter_map(|line| line.split_once('→'))
        .map(|(from, to)| {
            let to = to.split(',').map(|room| room.trim().to_owned());
            (
                from.trim().to_owned(),
                to.filter(|room| room != "nothing").collect(),
            )
        })
        .collect()
}

/// Where a path of the code leads: the room, and the room inside it.
fn destinations(code: &str) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for mark in ["crate::", "soracrawl::"] {
        for (at, _) in code.match_indices(mark) {
            let path = &code[at + mark.len()..];
            let end =
                path.find(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)));
            let (path, rest) = path.split_at(end.unwrap_or(path.len()));
            let mut parts = path.split("::");
            let room = parts.next().unwrap_or("").to_owned();
            let inner = match parts.next() {
                // `use crate::store::{read, Error}`
                Some("") => {
                    let list = rest.trim_start_matches('{').split('}').next().unwrap_or("");
                    let names = list
                        .split(',')
                        .map(|name| name.trim().split("::").next().unwrap_or(""));
                    names
                        .map(str::to_owned)
                        .filter(|name| !name.is_empty())
                        .collect()
                }
                Some(name) => vec![name.to_owned()],
                None => Vec::new(),
            };
            all.push((room, inner));
        }
    }
    all
}

/// What every room may name of a room that it may only enter in part.
const OPEN: [&str; 2] = ["Error", "Result"];

#[test]
fn a_room_enters_only_the_rooms_that_the_architecture_allows() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    let mut rooms = BTreeSet::new();
    for (name, source) in production() {
        let from = room(&name);
        if from == "lib" {
            continue;
        }
        rooms.insert(from.to_owned());
        let may = allowed
            .get(from)
            .unwrap_or_else(|| panic!("no direction for the room {from}"));
        for (to, inner) in destinations(&source.code) {
            assert!(
                !to.is_empty(),
                "{name}: write `use crate::room::…`, one room a line"
            );
            let in_part = |inner: &String| {
                OPEN.contains(&inner.as_str()) || may.contains(&format!("{to}::{inner}"))
            };
            let is_allowed =
                to == from || may.contains(&to) || (!inner.is_empty() && inner.iter().all(in_part));
            if !is_allowed {
                wrong.push(format!("{name} enters {to}::{{{}}}", inner.join(", ")));
            }
        }
    }
    assert_eq!(wrong, NONE);
    assert_eq!(rooms, allowed.into_keys().collect());
}

#[test]
fn a_path_of_the_code_is_followed_into_its_room() {
    let found = destinations("use crate::store::{Result, read};\nlet x = crate::api::json::Json;");
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found,
        [
            ("store".to_owned(), names(&["Result", "read"])),
            ("api".to_owned(), names(&["json"]))
        ]
    );
}
