//! What a captured request was: an address, a name with parameters, or nothing known.

use std::collections::BTreeMap;

use url::Url;

use super::call::{Call, Meaning};
use super::upstream;
use crate::api::{Entry, endpoints};
use crate::model::seed::{Kind, item};

/// The request of a captured answer, as far as the file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Name or path of the endpoint.
    pub endpoint: Option<String>,
    pub parameters: BTreeMap<String, String>,
    /// Its whole address.
    pub url: Option<String>,
}

impl Asked {
    /// Returns the request of an address.
    #[must_use]
    pub fn of_url(url: &str) -> Self {
        Self {
            url: Some(url.to_owned()),
            ..Self::default()
        }
    }

    /// Returns whether the request tells no call.
    pub(super) fn names_no_call(&self) -> bool {
        !matches!(self.meaning(), Meaning::Call(_))
    }

    /// Returns which call the request was.
    pub(super) fn meaning(&self) -> Meaning {
        if let Some(name) = &self.endpoint {
            return match find(name) {
                Some(entry) => Meaning::Call(call(entry, &self.parameters)),
                None => Meaning::Other(format!("`{name}` is no endpoint of this archive")),
            };
        }
        let Some(text) = &self.url else {
            return Meaning::Unknown;
        };
        let Ok(url) = Url::parse(text) else {
            return Meaning::Unknown;
        };
        let parameters: BTreeMap<String, String> = url
            .query_pairs()
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        if let Some(entry) = find(url.path()) {
            return Meaning::Call(call(entry, &parameters));
        }
        upstream::meaning(&url, &parameters)
    }
}

/// Returns the endpoint with this name or path, whatever host and version are before it.
fn find(name: &str) -> Option<&'static Entry> {
    let path = name.split(['?', '#']).next().unwrap_or_default();
    let mut all = endpoints::ALL.iter();
    all.find(|entry| {
        path == entry.name
            || path.trim_end_matches('/').ends_with(entry.path)
            || path
                .trim_end_matches('/')
                .ends_with(entry.path.trim_start_matches("/api/v1"))
    })
}

fn call(entry: &'static Entry, parameters: &BTreeMap<String, String>) -> Call {
    let stated = |name: &str| parameters.get(name).filter(|value| !value.is_empty());
    let by_url = || {
        let url = stated("post_url")?;
        item(Kind::Posts, url).ok().map(|seed| seed.subject)
    };
    let subject = match entry.subject {
        None => Some(String::new()),
        Some(name) => stated(name).cloned().or_else(by_url),
    };
    Call {
        entry,
        subject,
        cursor: stated("cursor").cloned(),
    }
}
