//! The request of an entry, gathered from all places where tools write it.

use super::asked::{Asked, HTTP, address, call_of};
use super::call::{Call, Meaning};
use super::fields::{Fields, is_same};
use super::parameter::scalar;
use super::places::is_place_beside;
use super::positional::Positional;
use super::stated::Stated;

/// Keys of the name or path of the endpoint.
const NAMES: [&str; 5] = ["endpoint", "operation", "path", "route", "router"];
const URLS: [&str; 3] = ["url", "request_url", "uri"];
const PARAMETERS: [&str; 12] = [
    "params",
    "parameters",
    "query",
    "arguments",
    "args",
    "kwargs",
    "query_params",
    "query_parameters",
    "query_string",
    "request_params",
    "search_params",
    "qs",
];
/// Keys beside a reply whose values may have parameters somewhere.
const INPUTS: [&str; 11] = [
    "variables",
    "input",
    "inputs",
    "form",
    "form_data",
    "payload",
    "post_data",
    "request_body",
    "request_data",
    "request_json",
    "request_args",
];
/// Keys in a request that have none, or are read otherwise.
const NO_INPUTS: [&str; 4] = ["headers", "raw_headers", "cookies", "response"];
/// Keys of objects that are a request.
const REQUESTS: [&str; 3] = ["request", "req", "config"];
const METHODS: [&str; 3] = ["method", "http_method", "request_method"];
/// How deep a request may be in a request.
const DEEPEST: u32 = 2;

/// What was found of the request.
#[derive(Debug, Default)]
pub(super) struct Request {
    names: Vec<String>,
    urls: Vec<String>,
    stated: Stated,
    positional: Vec<Positional>,
    methods: Vec<String>,
}

impl Request {
    /// Returns whether anything says what was asked.
    pub(super) fn is_known(&self) -> bool {
        !self.names.is_empty() || !self.urls.is_empty()
    }

    /// Adds what an entry says.
    ///
    /// # Errors
    /// Returns an error if its parts contradict each other, or cannot be read.
    pub(super) fn add_entry(&mut self, fields: &Fields<'_>) -> Result<(), String> {
        self.add_all(fields, 0)
    }

    /// Adds what an HTTP response says about its request.
    ///
    /// # Errors
    /// Returns an error if its parts contradict each other, or cannot be read.
    pub(super) fn add_response(&mut self, fields: &Fields<'_>) -> Result<(), String> {
        self.add_texts(fields, &[], &URLS)?;
        self.add_requests(fields, 0)
    }

    fn add_all(&mut self, fields: &Fields<'_>, depth: u32) -> Result<(), String> {
        self.add_texts(fields, &NAMES, &URLS)?;
        for key in PARAMETERS {
            for raw in fields.all(key) {
                match Positional::of(key, raw) {
                    Some(values) => self.positional.push(values),
                    None => self.stated.add_json(raw, &format!("`{key}`"))?,
                }
            }
        }
        for key in METHODS {
            let texts = fields
                .all(key)
                .filter_map(|raw| serde_json::from_str(raw).ok());
            self.methods.extend(texts);
        }
        match depth {
            0 => self.add_beside(fields),
            _ => self.add_inner(fields)?,
        }
        self.add_requests(fields, depth)
    }

    /// Adds what may be the cursor of the page by another name.
    fn add_beside(&mut self, fields: &Fields<'_>) {
        for (key, raw) in &fields.0 {
            if let Some(value) = scalar(raw.get()).filter(|value| is_place_beside(key, value)) {
                self.stated.note_beside(key, &value);
            }
        }
        for key in INPUTS {
            fields
                .all(key)
                .for_each(|raw| self.stated.note_inside_beside(key, raw));
        }
    }

    /// Adds the keys of a request. Some are parameters, and others may have such.
    fn add_inner(&mut self, fields: &Fields<'_>) -> Result<(), String> {
        let is_read = |key: &str| {
            let mut all = [&PARAMETERS[..], &REQUESTS, &NO_INPUTS]
                .concat()
                .into_iter();
            all.any(|known| is_same(key, known))
        };
        for (key, raw) in fields.0.iter().filter(|(key, _)| !is_read(key)) {
            self.stated.add_value(key, raw.get(), "the request")?;
        }
        Ok(())
    }

    fn add_texts(
        &mut self,
        fields: &Fields<'_>,
        names: &[&str],
        urls: &[&str],
    ) -> Result<(), String> {
        for (keys, is_url) in [(names, false), (urls, true)] {
            for key in keys {
                let texts = fields.all(key);
                for text in texts.filter_map(|raw| serde_json::from_str::<String>(raw).ok()) {
                    if let Some(address) = address(&text) {
                        self.stated.add_query(&address, &format!("`{key}`"))?;
                    }
                    match is_url {
                        true => self.urls.push(text),
                        false => self.names.push(text),
                    }
                }
            }
        }
        Ok(())
    }

    fn add_requests(&mut self, fields: &Fields<'_>, depth: u32) -> Result<(), String> {
        if depth > DEEPEST {
            return Ok(());
        }
        for raw in REQUESTS.iter().flat_map(|key| fields.all(key)) {
            let text: Option<String> = serde_json::from_str(raw).ok();
            let raw = text.as_deref().unwrap_or(raw);
            if let Some(inner) = Fields::of(raw.as_bytes()) {
                self.add_all(&inner, depth + 1)?;
            } else if let Some(line) = text.filter(|it| self.is_request_line(it)) {
                let method = line.split_ascii_whitespace().next().unwrap_or_default();
                self.methods
                    .extend(HTTP.contains(&method).then(|| method.to_owned()));
                if let Some(address) = address(&line) {
                    self.stated.add_query(&address, "`request`")?;
                }
                self.urls.push(line);
            }
        }
        Ok(())
    }

    fn is_request_line(&self, text: &str) -> bool {
        let mut words = text.split_ascii_whitespace();
        let has_method = words.next().is_some_and(|word| HTTP.contains(&word));
        (has_method && words.next().is_some())
            || text.contains("://")
            || call_of(text, false, &self.stated).is_some()
    }

    /// Returns the method if a request with it gets no page.
    pub(super) fn other_method(&self, asked: &Asked) -> Option<&str> {
        let of_http = |method: &&String| HTTP.contains(&method.to_ascii_uppercase().as_str());
        let mut methods = self.methods.iter().filter(of_http);
        methods
            .find(|method| !asked.can_be(method))
            .map(String::as_str)
    }

    /// Returns the request. `beside` is a cursor that is neither of the request nor of the reply.
    ///
    /// # Errors
    /// Returns an error if its parts contradict each other.
    pub(super) fn asked(&self, beside: Option<&str>) -> Result<Asked, String> {
        let mut asked = Asked {
            endpoint: self.best(&self.names, true)?,
            url: self.best(&self.urls, false)?,
            parameters: self.stated.clone().values(),
        };
        let mut stated = self.stated.clone();
        for values in &self.positional {
            match asked.meaning() {
                Meaning::Call(call) => {
                    for (name, value) in values.named(call.entry)? {
                        stated.add(name, value, "the values without names")?;
                    }
                }
                Meaning::Unknown if asked.is_silent() => return Err(values.of_nothing()),
                _ => {}
            }
        }
        asked.parameters = stated.clone().values();
        let can_have_pages = match asked.meaning() {
            Meaning::Call(call) => call.entry.is_paged(),
            _ => true,
        };
        let is_stated = stated.get("cursor").is_some();
        if can_have_pages && !is_stated && beside.is_some_and(|json| json != "\"\"") {
            return Err(
                "its request is unclear: `cursor` beside the reply may be that of this page or of the next one. \
                 Write the one of this page into `params`"
                    .to_owned(),
            );
        }
        Ok(asked)
    }

    /// Returns the text that names an endpoint, or else the first one.
    fn best(&self, texts: &[String], may_be_name: bool) -> Result<Option<String>, String> {
        let mut best: Option<(&String, Call)> = None;
        for text in texts {
            let Some(call) = call_of(text, may_be_name, &self.stated) else {
                continue;
            };
            best = Some(match best {
                None => (text, call),
                Some((first, known)) => (first, known.with(call, "another key of it")?),
            });
        }
        let of_another_api = || texts.iter().find(|text| text.contains("/api/"));
        let text = best.map(|(text, _)| text);
        Ok(text.or_else(of_another_api).or(texts.first()).cloned())
    }
}
