//! The parameters of a request, as several places of an entry state them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use url::Url;
use url::form_urlencoded::parse as query_pairs;

use super::fields::Fields;
use super::parameter::{scalar, tells_calls_apart};
use super::places;
use crate::model::seed::{Kind, item};

/// Begins the names of what stands beside a reply, and not in its request.
const BESIDE: &str = "beside the reply: ";

/// How deep a text may be in a text.
const DEEPEST: u32 = 3;

/// Parameters that tell calls apart, with the places that state them. Others are passed over, but for those that may be a
/// cursor by another name.
#[derive(Debug, Clone, Default)]
pub(super) struct Stated(BTreeMap<String, (String, String)>);

impl Stated {
    /// Returns the value of a parameter; an empty one says that the request had none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|(value, _)| value.as_str())
    }

    /// Returns the name of what may be the cursor, if there is no other one. `is_next` knows the cursor of the next page, which
    /// many tools write beside a reply.
    pub(super) fn renamed_cursor(&self, is_next: impl Fn(&str) -> bool) -> Option<&str> {
        let stated = self.get("cursor").map(str::trim);
        if stated.is_some_and(|cursor| !cursor.is_empty()) {
            return None;
        }
        // A request that states that it has no cursor knows more than what stands beside the reply.
        let counts = |name: &str, value: &str| {
            let is_beside = name.starts_with(BESIDE);
            !tells_calls_apart(name) && !is_next(value) && (!is_beside || stated.is_none())
        };
        let mut all = self.0.iter();
        let found = all.find(|(name, (value, _))| counts(name, value));
        found.map(|(name, _)| name.strip_prefix(BESIDE).unwrap_or(name))
    }

    /// Notes what may be the cursor by another name.
    fn note_place(&mut self, name: &str, value: &str) {
        let place = (value.to_owned(), String::new());
        self.0.entry(name.to_owned()).or_insert(place);
    }

    /// Notes what may be the cursor by another name, and stands beside the reply.
    pub(super) fn note_beside(&mut self, name: &str, value: &str) {
        self.note_place(&format!("{BESIDE}{name}"), value);
    }

    /// Returns all values.
    pub(super) fn values(self) -> BTreeMap<String, String> {
        let values = self.0.into_iter();
        values.map(|(name, (value, _))| (name, value)).collect()
    }

    /// Adds a parameter.
    ///
    /// # Errors
    /// Returns an error if another place states another value.
    pub(super) fn add(&mut self, name: &str, value: &str, place: &str) -> Result<(), String> {
        if !tells_calls_apart(name) {
            if name.starts_with(BESIDE) || places::is_place(name, value) {
                self.note_place(name, value);
            } else if value.trim_start().starts_with(['{', '[']) {
                self.note_inside(name, value);
            }
            return Ok(());
        }
        let name = name.to_ascii_lowercase();
        match self.0.get(&name) {
            Some((known, _)) if known.trim() == value.trim() => {}
            Some((_, other)) => {
                return Err(format!(
                    "its request is unclear: `{name}` has one value in {other} and another one in {place}. Keep the right one"
                ));
            }
            None => {
                self.0.insert(name, (value.to_owned(), place.to_owned()));
            }
        }
        Ok(())
    }

    /// Checks that the id and the address of a post are of one post.
    ///
    /// # Errors
    /// Returns an error if they are not.
    pub(super) fn of_one_post(self) -> Result<Self, String> {
        let id = |name| {
            let text = self.get(name).filter(|text| !text.trim().is_empty())?;
            Some(item(Kind::Posts, text).map_or_else(|_| text.trim().to_owned(), |it| it.subject))
        };
        match (id("post_id"), id("post_url")) {
            (Some(one), Some(other)) if one != other => Err(
                "its request is unclear: `post_id` and `post_url` are of different posts. Keep the right one"
                    .to_owned(),
            ),
            _ => Ok(self),
        }
    }

    /// Adds the query of an address.
    ///
    /// # Errors
    /// Returns an error if another place states another value.
    pub(super) fn add_query(&mut self, address: &Url, place: &str) -> Result<(), String> {
        let place = format!("the query of {place}");
        for (name, value) in address.query_pairs() {
            self.add(&name, &value, &place)?;
        }
        Ok(())
    }

    /// Adds parameters that are written in JSON: an object, a list of pairs, or a query.
    ///
    /// # Errors
    /// Returns an error if they cannot be read, or another place states other ones.
    pub(super) fn add_json(&mut self, json: &str, place: &str) -> Result<(), String> {
        self.read(json, place, 0)
    }

    fn read(&mut self, json: &str, place: &str, depth: u32) -> Result<(), String> {
        let unreadable = || {
            Err(format!(
                "its request is unclear: {place} cannot be read. Write an object of names and texts"
            ))
        };
        if depth > DEEPEST {
            return unreadable();
        }
        if json == "null" {
            return Ok(());
        }
        if let Some(fields) = Fields::of(json.as_bytes()) {
            return self.object(&fields, place);
        }
        if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
            for item in items {
                let item = item.get();
                match (
                    serde_json::from_str::<(String, &RawValue)>(item),
                    Fields::of(item.as_bytes()),
                ) {
                    (Ok((name, value)), _) => self.add_value(&name, value.get(), place)?,
                    (_, Some(fields)) => match fields.text("name").or_else(|| fields.text("key")) {
                        Some(name) if fields.has("value") => {
                            for (key, value) in &fields.0 {
                                if key == "value" {
                                    self.add_value(&name, value.get(), place)?;
                                }
                            }
                        }
                        _ => self.object(&fields, place)?,
                    },
                    _ if item.starts_with('"') => self.read(item, place, depth + 1)?,
                    _ => return unreadable(),
                }
            }
            return Ok(());
        }
        let Ok(text) = serde_json::from_str::<String>(json) else {
            return unreadable();
        };
        match text.trim().trim_start_matches('?') {
            "" => Ok(()),
            inner if inner.starts_with(['{', '[']) => self.read(inner, place, depth + 1),
            query if is_query(query) => {
                for (name, value) in query_pairs(query.as_bytes()) {
                    self.add(&name, &value, place)?;
                }
                Ok(())
            }
            _ => unreadable(),
        }
    }

    fn object(&mut self, fields: &Fields<'_>, place: &str) -> Result<(), String> {
        for (name, value) in &fields.0 {
            self.add_value(name, value.get(), place)?;
        }
        Ok(())
    }

    /// Adds a parameter whose value is written in JSON.
    ///
    /// # Errors
    /// Returns an error if it is no text, or another place states another one.
    pub(super) fn add_value(&mut self, name: &str, json: &str, place: &str) -> Result<(), String> {
        match scalar(json) {
            Some(value) => self.add(name, &value, place),
            None if tells_calls_apart(name) => Err(format!(
                "its request is unclear: `{name}` in {place} is no text. Write the one text that was sent"
            )),
            None => {
                self.note_inside(name, json);
                Ok(())
            }
        }
    }

    /// Notes what may be the cursor, inside of a value in JSON.
    fn note_inside(&mut self, name: &str, json: &str) {
        if let Some((inner, value)) = places::inside(json) {
            self.note_place(&format!("{name}.{inner}"), &value);
        }
    }

    /// Notes the same inside of a value beside the reply.
    pub(super) fn note_inside_beside(&mut self, name: &str, json: &str) {
        if let Some((inner, value)) = places::inside(json) {
            self.note_beside(&format!("{name}.{inner}"), &value);
        }
    }
}

/// Returns whether a text is a query, and no cursor: those end with the padding of base64.
pub(super) fn is_query(text: &str) -> bool {
    let text = text.trim();
    let Some(name) = text.strip_suffix('=') else {
        return text.contains('=');
    };
    let is_word = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    name.trim_end_matches('=').contains('=') || (!name.is_empty() && name.chars().all(is_word))
}
