//! Takes people out of the JSON of a reply: their profiles, what they wrote, and every mention of them.

use std::borrow::Cow;

use super::known::{People, bare};
use crate::api::json::Json;
use crate::api::repaired;
use crate::model::is_erased;

/// Fields of a post or comment that stay: they tie what others wrote and who else is shown.
const KEPT_OF_POST: [&str; 14] = [
    "id",
    "post",
    "profile",
    "parent_post_id",
    "root_post_id",
    "repost_of_post_id",
    "repost_of_user_id",
    "original_poster",
    "reposter_profile",
    "children",
    "remix_posts",
    "ancestors",
    "parent_post",
    "cameo_profiles",
];
/// Fields with a list of facets, of which the profiles stay, and with the user in whose list the item is.
const FACETS: &str = "text_facets";
const CAST: &str = "character_user_id";
/// A profile that a profile contains: that of the owner of a character.
const OWNER: &str = "owner_profile";
/// Fields with fixed words. A person may have such a word as their name.
const FIXED: [&str; 6] = [
    "kind",
    "source",
    "type",
    "share_setting",
    "generation_type",
    "plan_type",
];

type Entries<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

impl People {
    /// Returns a reply about `subject` without them; `None` if it shows nobody of them.
    #[must_use]
    pub fn taken_out_of_reply(&self, subject: &str, body: &[u8]) -> Option<Taken> {
        let is_theirs = self.key().is_some() && (is_erased(subject) || self.is_user(subject));
        if !is_theirs && !self.may_be_in(body) {
            return None;
        }
        let taking = Taking {
            people: self,
            is_theirs,
            changed: false,
            texts: Vec::new(),
        };
        let whole = std::str::from_utf8(body).ok();
        if let Some(json) = whole.and_then(|text| Json::parse(text).ok()) {
            return taking.of(json);
        }
        if let Some(text) = repaired(body)
            && let Ok(json) = Json::parse(&text)
        {
            return taking.of(json);
        }
        let text = String::from_utf8_lossy(body);
        let taken = self.taken_out_of(&text)?;
        Some(Taken {
            body: taken.into_bytes(),
            texts: Vec::new(),
        })
    }
}

/// A reply without people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub body: Vec<u8>,
    /// The texts that were in their profiles and in what they wrote.
    pub texts: Vec<String>,
}

struct Taking<'p> {
    people: &'p People,
    /// The reply is about one of them: an item that names no author is theirs.
    is_theirs: bool,
    changed: bool,
    texts: Vec<String>,
}

impl Taking<'_> {
    fn of(mut self, json: Json<'_>) -> Option<Taken> {
        let json = self.value(json, "");
        let body = serde_json::to_vec(&json).ok()?;
        let texts = self.texts;
        self.changed.then_some(Taken { body, texts })
    }

    fn value<'a>(&mut self, json: Json<'a>, key: &str) -> Json<'a> {
        match json {
            Json::Text(text) => self.text(text, key),
            Json::Array(items) => Json::Array(
                items
                    .into_iter()
                    .map(|item| self.value(item, key))
                    .collect(),
            ),
            Json::Object(entries) => self.object(entries),
            other => other,
        }
    }

    fn text<'a>(&mut self, text: Cow<'a, str>, key: &str) -> Json<'a> {
        let people = self.people;
        if FIXED.contains(&key) || !people.may_be_in(text.as_bytes()) {
            return Json::Text(text);
        }
        let is_url = text.contains("://") && !text.contains(char::is_whitespace);
        let taken = if key.ends_with("cursor") {
            people.cursor(&text).map(|sealed| Json::Text(sealed.into()))
        } else if people.is_user(&text) || people.is_name(&text) || is_url && people.are_in(&text) {
            Some(Json::Null)
        } else {
            let taken = people.taken_out_of(&text);
            taken.map(|text| Json::Text(text.into()))
        };
        self.changed |= taken.is_some();
        taken.unwrap_or(Json::Text(text))
    }

    fn object<'a>(&mut self, entries: Entries<'a>) -> Json<'a> {
        let of = Object(&entries);
        if of.is_marked() {
            return Json::Object(entries);
        }
        if self.is_profile(&of) {
            return self.kept(entries, false, |key| key == OWNER);
        }
        let inner = of.get("post").and_then(Object::of);
        let author = inner.as_ref().and_then(Object::author);
        let author = author.or_else(|| of.author());
        let is_post = |it: &Object<'_, '_>| it.get("id").is_some() && it.get("user_id").is_none();
        let own = match (&inner, author) {
            (Some(inner), author) => self.is_own(inner, author),
            (None, author) => is_post(&of) && self.is_own(&of, author),
        };
        if own {
            let is_wrapper = inner.is_some();
            return self.kept(entries, is_wrapper, |key| {
                KEPT_OF_POST.contains(&key) || key == FACETS || key == CAST
            });
        }
        // What is inside a post of somebody else is not an item of the list.
        let is_post = inner.is_some() || is_post(&of);
        let is_theirs = self.is_theirs;
        self.is_theirs &= !is_post;
        let entries = entries.into_iter().filter_map(|(key, value)| {
            // A mention may be a key, too.
            if self.people.are_in_key(&key) {
                self.changed = true;
                return None;
            }
            let value = self.value(value, &key);
            Some((key, value))
        });
        let kept = Json::Object(entries.collect());
        self.is_theirs = is_theirs;
        kept
    }

    /// Returns whether an object is a profile of theirs.
    fn is_profile(&self, of: &Object<'_, '_>) -> bool {
        let text = |key| of.get(key).and_then(as_text);
        match text("user_id") {
            Some(id) => self.people.is_user(id),
            None => {
                let is_post = of.get("id").is_some() || of.get("post").is_some();
                !is_post && text("username").is_some_and(|name| self.people.is_name(name))
            }
        }
    }

    /// Returns whether a post or comment is theirs.
    fn is_own(&self, post: &Object<'_, '_>, author: Option<&str>) -> bool {
        let id = post.get("id").and_then(as_text).unwrap_or_default();
        match author {
            Some(author) => self.people.is_user(author) || self.people.is_item(bare(id)),
            None => self.is_theirs || self.people.is_item(bare(id)),
        }
    }

    /// Keeps some entries of an object, marks it, and takes people out of what it keeps.
    fn kept<'a>(
        &mut self,
        entries: Entries<'a>,
        is_wrapper: bool,
        is_kept: fn(&str) -> bool,
    ) -> Json<'a> {
        self.changed = true;
        let mut kept: Entries<'a> = vec![("erased".into(), Json::Bool(true))];
        for (key, value) in entries {
            if !is_kept(&key) {
                self.note(value, &key);
                continue;
            }
            let value = match (&*key, value) {
                // A thread without comments is told from a missing list by a count, which is taken out.
                ("children", Json::Null) => Json::Array(Vec::new()),
                ("post", Json::Object(post)) if is_wrapper => self.own_post(post),
                (FACETS, Json::Array(facets)) => self.facets(facets),
                ("profile", Json::Object(profile)) if Object(&profile).get("user_id").is_none() => {
                    self.kept(profile, false, |_| false)
                }
                (_, value @ (Json::Object(_) | Json::Array(_) | Json::Text(_))) => {
                    self.value(value, &key)
                }
                _ => continue,
            };
            kept.push((key, value));
        }
        // The mark of a wrapper is in its post.
        if is_wrapper {
            kept.remove(0);
        }
        Json::Object(kept)
    }

    /// Notes the texts of what is taken out.
    fn note(&mut self, value: Json<'_>, key: &str) {
        match value {
            Json::Text(text) if !FIXED.contains(&key) => self.texts.push(text.into_owned()),
            Json::Array(items) => items.into_iter().for_each(|item| self.note(item, key)),
            Json::Object(entries) => {
                entries
                    .into_iter()
                    .for_each(|(key, value)| self.note(value, &key));
            }
            _ => {}
        }
    }

    fn own_post<'a>(&mut self, post: Entries<'a>) -> Json<'a> {
        self.kept(post, false, |key| {
            KEPT_OF_POST.contains(&key) || key == FACETS
        })
    }

    /// Keeps the profiles of other people whom a text of theirs marks.
    fn facets<'a>(&mut self, facets: Vec<Json<'a>>) -> Json<'a> {
        let facets = facets.into_iter().filter_map(|facet| match facet {
            Json::Object(facet) => Some(self.kept(facet, false, |key| key == "profile")),
            _ => None,
        });
        Json::Array(facets.collect())
    }
}

/// An object whose fields are looked at.
struct Object<'e, 'a>(&'e [(Cow<'a, str>, Json<'a>)]);

impl<'e, 'a> Object<'e, 'a> {
    fn of(json: &'e Json<'a>) -> Option<Self> {
        match json {
            Json::Object(entries) => Some(Self(entries)),
            _ => None,
        }
    }

    fn get(&self, key: &str) -> Option<&'e Json<'a>> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| **value != Json::Null)
    }

    /// Whether something was taken out of it before.
    fn is_marked(&self) -> bool {
        self.get("erased") == Some(&Json::Bool(true)) && self.0.len() == 1
    }

    /// The id of the author whom an object names.
    fn author(&self) -> Option<&'e str> {
        let keys = ["shared_by", "posted_by", "profile"];
        keys.into_iter().find_map(|key| match self.get(key)? {
            Json::Text(id) if !id.is_empty() => Some(&**id),
            json => Object::of(json)?.get("user_id").and_then(as_text),
        })
    }
}

fn as_text<'e>(json: &'e Json<'_>) -> Option<&'e str> {
    match json {
        Json::Text(text) => Some(text),
        _ => None,
    }
}
