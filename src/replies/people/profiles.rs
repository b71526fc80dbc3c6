//! Which names users had, as replies show them.

use crate::api::json::Json;
use crate::api::repaired;

/// A user with a name that a reply shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Profile {
    pub user_id: String,
    /// In lower case.
    pub name: String,
}

/// Returns the users of a reply with their names, in the order in which it shows them.
#[must_use]
pub fn profiles_in(body: &[u8]) -> Vec<Profile> {
    let mut found = Vec::new();
    let whole = std::str::from_utf8(body).unwrap_or_default();
    if let Ok(json) = Json::parse(whole) {
        look(&json, &mut found);
    } else if let Some(text) = repaired(body)
        && let Ok(json) = Json::parse(&text)
    {
        look(&json, &mut found);
    }
    found
}

fn look(json: &Json<'_>, found: &mut Vec<Profile>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| look(item, found)),
        Json::Object(entries) => {
            if let (Some(Json::Text(id)), Some(Json::Text(name))) =
                (json.get("user_id"), json.get("username"))
                && !name.is_empty()
            {
                found.push(Profile {
                    user_id: id.to_string(),
                    name: name.to_lowercase(),
                });
            }
            entries.iter().for_each(|(_, value)| look(value, found));
        }
        _ => {}
    }
}
