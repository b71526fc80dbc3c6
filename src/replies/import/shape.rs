//! What a reply is, told by its shape, if nothing says what was asked.

use serde_json::value::RawValue;

use super::asked::Asked;
use super::call::Recognised;
use crate::api::endpoints;
use crate::api::json::Json;

/// The parts of an envelope that repeat the request (api/README.md §3).
#[derive(serde::Deserialize)]
struct Envelope<'a> {
    router: Option<String>,
    params: Option<std::collections::BTreeMap<String, serde_json::Value>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    code: Option<serde_json::Value>,
    time_stamp: Option<f64>,
    request_id: Option<String>,
}

/// A list of items.
#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// What the envelope of a reply says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) asked: Asked,
    pub(super) at: Option<f64>,
    pub(super) request_id: Option<String>,
}

/// Reads the envelope of a reply, if it has one.
pub(super) fn envelope(body: &[u8]) -> Said {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(body) else {
        return Said::default();
    };
    if envelope.code.is_none() {
        return Said::default();
    }
    let texts = envelope.params.unwrap_or_default().into_iter();
    let texts = texts.filter_map(|(name, value)| match value {
        serde_json::Value::String(text) => Some((name, text)),
        serde_json::Value::Number(number) => Some((name, number.to_string())),
        _ => None,
    });
    Said {
        asked: Asked {
            endpoint: envelope.router,
            parameters: texts.collect(),
            url: None,
        },
        at: envelope.time_stamp,
        request_id: envelope.request_id,
    }
}

/// Returns the payload of a body: `data` of an envelope, or all of it.
fn payload(body: &[u8]) -> &[u8] {
    match serde_json::from_slice::<Envelope<'_>>(body) {
        Ok(Envelope {
            code: Some(_),
            data: Some(data),
            ..
        }) => data.get().as_bytes(),
        _ => body,
    }
}

/// Returns what a reply is. A list of posts or profiles of which nobody knows the request is taken apart: each item
/// describes itself.
///
/// # Errors
/// Returns why the reply is not recognised.
pub(super) fn recognise(body: &[u8]) -> Result<Vec<Recognised>, String> {
    let inner = payload(body);
    let text = std::str::from_utf8(inner).map_err(|_| "it is not UTF-8".to_owned())?;
    let json = Json::parse(text).map_err(|error| format!("it is not JSON: {error}"))?;
    if let Some((entry, subject)) = endpoints::of_shape(&json) {
        return Ok(vec![Recognised {
            entry,
            subject,
            cursor: None,
            part: String::new(),
            body: body.to_vec(),
        }]);
    }
    let items = match &json {
        Json::Array(_) => serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default(),
        _ => serde_json::from_str::<List<'_>>(text)
            .map(|list| list.items)
            .unwrap_or_default(),
    };
    if items.is_empty() {
        return Err(unknown(&json));
    }
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let item = item.get();
        let shape = Json::parse(item)
            .ok()
            .and_then(|json| endpoints::of_shape(&json));
        let Some((entry, subject)) = shape else {
            return Err(format!(
                "it is a list, and item {at} tells neither a post nor a profile. {HOW}"
            ));
        };
        found.push(Recognised {
            entry,
            subject,
            cursor: None,
            part: format!(" item {at}"),
            body: item.as_bytes().to_vec(),
        });
    }
    Ok(found)
}

const HOW: &str = "Name what was asked with --endpoint NAME and --subject ID";

fn unknown(json: &Json<'_>) -> String {
    if json.has("detail") || json.has("error") {
        return "it is an error, not a page".to_owned();
    }
    match json {
        Json::Object(_) => format!("its shape does not tell what was asked. {HOW}"),
        other => format!("it is {}, not a reply", other.kind()),
    }
}
