//! Lasting changes of the shape of the answers: a field with another name, a new one, one of another type.

use std::str::FromStr;

use serde_json::{Map, Value, json};

/// A change of every object below `data`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alteration {
    /// A field has another name.
    Rename { from: String, to: String },
    /// Each object with an `id` has a further field.
    Add(String),
    /// A field becomes an object that contains its value.
    Retype(String),
}

impl FromStr for Alteration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("rename", names)) => match names.split_once('=') {
                Some((from, to)) => Ok(Self::Rename {
                    from: from.to_owned(),
                    to: to.to_owned(),
                }),
                None => Err("expected rename:FIELD=NAME".to_owned()),
            },
            Some(("add", name)) => Ok(Self::Add(name.to_owned())),
            Some(("retype", name)) => Ok(Self::Retype(name.to_owned())),
            _ => Err("expected rename:FIELD=NAME, add:FIELD or retype:FIELD".to_owned()),
        }
    }
}

impl Alteration {
    /// Changes an answer.
    pub(in crate::sim) fn apply(&self, answer: &mut Value) {
        match answer.get_mut("data") {
            Some(data) => self.alter(data),
            None => self.alter(answer),
        }
    }

    fn alter(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.alter(item)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|field| self.alter(field));
                self.alter_object(fields);
            }
            _ => {}
        }
    }

    fn alter_object(&self, fields: &mut Map<String, Value>) {
        match self {
            Self::Rename { from, to } => {
                if let Some(value) = fields.remove(from) {
                    fields.insert(to.clone(), value);
                }
            }
            Self::Add(name) if fields.contains_key("id") => {
                fields.insert(name.clone(), json!({"version": 1}));
            }
            Self::Add(_) => {}
            Self::Retype(name) => {
                if let Some(value) = fields.get_mut(name) {
                    *value = json!({"value": value.take()});
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Alteration;

    #[test]
    fn an_alteration_changes_every_object_of_the_data() {
        let altered = |text: &str| {
            let mut answer = json!({"code": 200, "id": 1, "data": {"items": [{"id": 2, "post": {"id": 3, "n": 4}}]}});
            text.parse::<Alteration>().unwrap().apply(&mut answer);
            answer["data"]["items"][0].to_string()
        };
        assert_eq!(altered("rename:n=m"), r#"{"id":2,"post":{"id":3,"m":4}}"#);
        assert_eq!(
            altered("retype:n"),
            r#"{"id":2,"post":{"id":3,"n":{"value":4}}}"#
        );
        assert_eq!(
            altered("add:x"),
            r#"{"id":2,"post":{"id":3,"n":4,"x":{"version":1}},"x":{"version":1}}"#
        );
        assert!("rename:n".parse::<Alteration>().is_err());
        assert!("n".parse::<Alteration>().is_err());
    }
}
