//! HAR 1.2 and 1.3: what a browser or a proxy recorded. The entries are read one after the other.

use std::fmt;
use std::io::BufRead;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::checked;
use super::{Asked, Captured, Each, Entry, Found, Limits};
use crate::clock::unix_seconds;

/// Reads the entries.
pub(super) fn read(
    reader: impl BufRead,
    limits: Limits,
    each: &mut Each<'_>,
) -> std::io::Result<()> {
    let mut state = State {
        limits,
        each,
        entries: 0,
        is_over: false,
    };
    let mut json = serde_json::Deserializer::from_reader(reader);
    let level = Level {
        keys: &["log", "entries"],
        state: &mut state,
    };
    match level.deserialize(&mut json) {
        Ok(()) => {}
        Err(_) if state.is_over => {}
        Err(error) if error.is_io() => return Err(error.into()),
        Err(error) => {
            let place = format!("entry {}", state.entries + 1);
            let found = Found::Bad(format!("the file is cut or is no HAR: {error}"));
            let _ = (state.each)(Entry { place, found });
        }
    }
    Ok(())
}

struct State<'s, 'e> {
    limits: Limits,
    each: &'s mut Each<'e>,
    entries: u64,
    /// The taker has enough.
    is_over: bool,
}

/// A value below the keys that lead to the entries, and the keys that are left.
struct Level<'a, 's, 'e> {
    keys: &'static [&'static str],
    state: &'a mut State<'s, 'e>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        match self.keys {
            [] => json.deserialize_seq(self),
            _ => json.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.keys {
            [] => f.write_str("a list of entries"),
            [key, ..] => write!(f, "an object with `{key}`"),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let [wanted, keys @ ..] = self.keys else {
            return Ok(());
        };
        while let Some(key) = map.next_key::<String>()? {
            if key == *wanted {
                let state = &mut *self.state;
                map.next_value_seed(Level { keys, state })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(recorded) = list.next_element::<Recorded>()? {
            self.state.entries += 1;
            let entry = Entry {
                place: format!("entry {}", self.state.entries),
                found: found(recorded, self.state.limits),
            };
            if (self.state.each)(entry).is_break() {
                self.state.is_over = true;
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// An entry. Headers and cookies are passed over: none is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    started_date_time: Option<String>,
    #[serde(default)]
    request: Sent,
    #[serde(default)]
    response: Received,
}

#[derive(Deserialize, Default)]
struct Sent {
    #[serde(default)]
    method: String,
    #[serde(default)]
    url: String,
}

#[derive(Deserialize, Default)]
struct Received {
    #[serde(default)]
    status: f64,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Content {
    /// Bytes of the body after decompression.
    size: Option<f64>,
    #[serde(default)]
    mime_type: String,
    text: Option<String>,
    encoding: Option<String>,
}

fn found(recorded: Recorded, limits: Limits) -> Found {
    let Recorded {
        started_date_time,
        request,
        response,
    } = recorded;
    let asked = Asked::of_url(&request.url);
    if !asked.names_no_call() && !asked.can_be(&request.method) {
        let method = request.method.to_ascii_uppercase();
        return Found::Foreign(format!("an answer to {method}"));
    }
    let content = response.content;
    let is_json = content.mime_type.contains("json");
    if !is_json && asked.names_no_call() {
        return Found::Foreign(match content.mime_type.is_empty() {
            true => "no JSON".to_owned(),
            false => format!("{}, not JSON", content.mime_type),
        });
    }
    let Some(text) = content.text.filter(|text| !text.is_empty()) else {
        return Found::Bad(
            "the body is missing: save the capture with the contents of responses".to_owned(),
        );
    };
    let body = match content.encoding.as_deref() {
        None | Some("") => text.into_bytes(),
        Some("base64") => match STANDARD.decode(text.trim()) {
            Ok(bytes) => bytes,
            Err(error) => return Found::Bad(format!("the body is no base64: {error}")),
        },
        Some(other) => return Found::Bad(format!("the body has the unknown encoding `{other}`")),
    };
    // Some tools cut long bodies, and state the whole size.
    let bytes = body.len() as f64;
    if let Some(size) = content.size.filter(|size| *size > bytes) {
        let is_cut = serde_json::from_slice::<IgnoredAny>(&body).is_err();
        if is_cut {
            return Found::Bad(format!("the body is cut: {bytes} of {size} bytes"));
        }
    }
    let captured = Captured {
        asked,
        status: Some(response.status as u16).filter(|status| *status > 0),
        at: started_date_time.and_then(|time| unix_seconds(&time).ok()),
        request_id: None,
        body,
        is_redacted: false,
    };
    checked(captured, limits)
}
