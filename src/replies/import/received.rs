//! When an entry was received: the best one of the times that it states. One that cannot be read is not passed over, because
//! the time of the file would take its place, and old values would replace newer ones.

use serde_json::value::RawValue;

use super::fields::Fields;
use super::times;

/// Keys of the time of an entry, the most exact ones of an archive first.
const KEYS: [&str; 9] = [
    "time",
    "at",
    "timestamp",
    "fetched_at",
    "received_at",
    "captured_at",
    "retrieved_at",
    "date",
    "ts",
];
/// Keys that say it only beside a request: a post has a `created_at` of its own.
const OF_RESPONSE: [&str; 3] = ["timestamp_end", "end_time", "scraped_at"];
const OF_ROW: [&str; 1] = ["created_at"];
const OF_REQUEST: [&str; 3] = ["requested_at", "timestamp_start", "start_time"];
/// Keys inside of a request and of a response. Others may be parameters or data.
const INNER: [&str; 2] = ["timestamp_end", "timestamp_start"];
const REQUESTS: [&str; 2] = ["request", "req"];
/// Characters of a time that are quoted.
const QUOTED: usize = 60;

/// What a time is of, the best one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Entry,
    Response,
    Header,
    Row,
    Request,
}

/// The times that an entry states.
#[derive(Debug, Default)]
pub(super) struct Received {
    read: Vec<(Of, f64)>,
    /// Why one of them is none.
    unreadable: Option<String>,
}

impl Received {
    /// Returns what the own keys of an entry say.
    pub(super) fn of_entry(fields: &Fields<'_>, is_envelope: bool) -> Self {
        let mut this = Self::default();
        // The `time` of an envelope is in the zone of the vendor.
        let keys = KEYS.iter().filter(|key| !is_envelope || **key != "time");
        keys.for_each(|key| this.add_all(Of::Entry, fields, key));
        this
    }

    /// Returns what one value says, in JSON.
    pub(super) fn of_value(key: &str, json: &str) -> Self {
        let mut this = Self::default();
        this.add(Of::Entry, key, json);
        this
    }

    /// Returns what one text says.
    pub(super) fn of_text(key: &str, text: &str) -> Self {
        Self::of_value(key, &serde_json::Value::from(text).to_string())
    }

    /// Adds what an entry says that has its request beside its reply.
    pub(super) fn add_beside(&mut self, fields: &Fields<'_>) {
        for (of, keys) in [
            (Of::Response, &OF_RESPONSE[..]),
            (Of::Row, &OF_ROW),
            (Of::Request, &OF_REQUEST),
        ] {
            keys.iter().for_each(|key| self.add_all(of, fields, key));
        }
        self.add_headers(fields, "response_headers");
        for raw in fields.all("response") {
            if let Some(response) = Fields::of(raw.as_bytes()) {
                self.add_response(&response);
            }
        }
        for raw in REQUESTS.iter().flat_map(|key| fields.all(key)) {
            let text: Option<String> = serde_json::from_str(raw).ok();
            if let Some(request) = Fields::of(text.as_deref().unwrap_or(raw).as_bytes()) {
                let keys = INNER.iter();
                keys.for_each(|key| self.add_all(Of::Request, &request, key));
            }
        }
    }

    /// Adds what an HTTP response says.
    pub(super) fn add_response(&mut self, fields: &Fields<'_>) {
        INNER
            .iter()
            .for_each(|key| self.add_all(Of::Response, fields, key));
        self.add_headers(fields, "headers");
    }

    /// Adds the `date` of headers: an object, or a list of pairs or of names and values. Nothing else of them is looked at.
    fn add_headers(&mut self, fields: &Fields<'_>, key: &str) {
        for raw in fields.all(key) {
            if let Some(headers) = Fields::of(raw.as_bytes()) {
                self.add_header(headers.all("date"));
            }
            let items: Vec<&RawValue> = serde_json::from_str(raw).unwrap_or_default();
            for item in items.iter().map(|item| item.get()) {
                let is_date = |name: &str| name.eq_ignore_ascii_case("date");
                if let Ok((name, value)) = serde_json::from_str::<(String, &RawValue)>(item) {
                    self.add_header(Some(value.get()).filter(|_| is_date(&name)).into_iter());
                } else if let Some(pair) = Fields::of(item.as_bytes())
                    && pair.text("name").is_some_and(|name| is_date(&name))
                {
                    self.add_header(pair.all("value"));
                }
            }
        }
    }

    fn add_header<'a>(&mut self, values: impl Iterator<Item = &'a str>) {
        for value in values {
            let list: Option<Vec<&RawValue>> = serde_json::from_str(value).ok();
            match list.as_deref() {
                Some(list) => list
                    .iter()
                    .for_each(|value| self.add(Of::Header, "date", value.get())),
                None => self.add(Of::Header, "date", value),
            }
        }
    }

    /// Adds what an envelope says.
    pub(super) fn add_stamp(&mut self, key: &str, json: &str) {
        self.add(Of::Entry, key, json);
    }

    fn add_all(&mut self, of: Of, fields: &Fields<'_>, key: &str) {
        fields.all(key).for_each(|json| self.add(of, key, json));
    }

    fn add(&mut self, of: Of, key: &str, json: &str) {
        if let Some(at) = times::of_json(json) {
            self.read.push((of, at));
            return;
        }
        let unreadable = self.unreadable.take();
        self.unreadable = unreadable.or_else(|| unread(key, json));
    }

    /// Returns the time: that of the entry before that of the response and of the request.
    pub(super) fn when(self) -> When {
        let best = |is_usable: &dyn Fn(f64) -> bool| {
            let usable = self.read.iter().filter(|(_, at)| is_usable(*at));
            usable.min_by_key(|(of, _)| *of).map(|(_, at)| *at)
        };
        When {
            at: best(&times::is_of_the_service).or_else(|| best(&|_| true)),
            unread: self.unreadable,
        }
    }
}

/// When something was received, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct When {
    /// Unix seconds; `None` if nothing states it.
    pub at: Option<f64>,
    /// Why a time that it states cannot be read.
    pub unread: Option<String>,
}

impl When {
    /// Returns a time in Unix seconds that is known.
    #[must_use]
    pub fn known(at: f64) -> Self {
        Self {
            at: Some(at),
            unread: None,
        }
    }
}

/// Returns why a time cannot be read; `None` if it says nothing.
pub(super) fn unread(key: &str, json: &str) -> Option<String> {
    let text: Option<String> = serde_json::from_str(json).ok();
    let text = text.as_deref().unwrap_or(json).trim();
    if matches!(text, "" | "null" | "{}" | "[]") {
        return None;
    }
    let text: String = text.chars().take(QUOTED).collect();
    Some(format!(
        "its time `{text}` in `{key}` cannot be read: write it as 2025-10-13T07:42:42Z, or state none"
    ))
}
