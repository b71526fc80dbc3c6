//! What a captured request was: an address, a name with parameters, or nothing known.

use std::collections::BTreeMap;

use url::Url;

use super::call::{Call, Meaning};
use super::stated::Stated;
use super::upstream;
use crate::api::{Entry, endpoints};
use crate::model::seed::{Kind, item};

/// Methods of HTTP. Tools also write other things where a method is.
pub(super) const HTTP: [&str; 9] = [
    "GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE",
];

/// The site that the remote reads from.
const SERVICE: &str = "sora.chatgpt.com";

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
            url: Some(url.to_owned()).filter(|url| !url.is_empty()),
            ..Self::default()
        }
    }

    /// Returns whether the request tells no call.
    pub(super) fn names_no_call(&self) -> bool {
        !matches!(self.meaning(), Meaning::Call(_) | Meaning::Unclear(_))
    }

    /// Returns whether it says nothing: it has no address, and the name of an endpoint is none.
    pub(super) fn is_silent(&self) -> bool {
        let is_address = |name: &String| name.contains("://");
        self.url.is_none() && !self.endpoint.as_ref().is_some_and(is_address)
    }

    /// Returns whether it asks for something else, and says so.
    pub(super) fn is_foreign(&self) -> bool {
        !self.is_silent() && self.names_no_call()
    }

    /// Returns whether it has an address of another site, or of an API of the service that we have no endpoint for. A page of
    /// the service is none.
    pub(super) fn is_of_others(&self) -> bool {
        self.addresses().any(|it| {
            let is_api = it.path().starts_with("/backend/") && !upstream::is_another_list(&it);
            it.host_str() != Some(SERVICE) || is_api
        })
    }

    /// Returns whether it has an address of a list of the service that is like one of ours: its items are of use, and the list
    /// is none of this archive.
    pub(super) fn is_of_another_list(&self) -> bool {
        self.addresses().any(|it| upstream::is_another_list(&it))
    }

    fn addresses(&self) -> impl Iterator<Item = Url> {
        let texts = [&self.endpoint, &self.url];
        let whole = texts.into_iter().flatten().filter(|it| it.contains("://"));
        whole.filter_map(|text| address(text))
    }

    /// Returns whether it is a request for a page, if this was its method. An unknown method is none.
    pub(super) fn can_be(&self, method: &str) -> bool {
        match method.to_ascii_uppercase().as_str() {
            "" | "GET" => true,
            "POST" => matches!(self.meaning(), Meaning::Call(Call { entry, .. })
                if entry.method == crate::api::endpoint::Method::Post),
            _ => false,
        }
    }

    /// Returns what all its places state of the parameters.
    ///
    /// # Errors
    /// Returns an error if they contradict each other.
    pub(super) fn stated(&self) -> Result<Stated, String> {
        let mut stated = Stated::default();
        for (name, value) in &self.parameters {
            stated.add(name, value, "the parameters")?;
        }
        for (text, place) in [(&self.endpoint, "the endpoint"), (&self.url, "the URL")] {
            if let Some(address) = text.as_deref().and_then(address) {
                stated.add_query(&address, place)?;
            }
        }
        stated.of_one_post()
    }

    /// Returns which call the request was.
    pub(super) fn meaning(&self) -> Meaning {
        match self.told() {
            Ok(Some(call)) => Meaning::Call(call),
            Ok(None) => match self.endpoint.as_deref() {
                Some(name) if is_name(name) => {
                    let name = name.split(['?', '#']).next().unwrap_or_default();
                    Meaning::Other(format!("`{name}` is no endpoint of this archive"))
                }
                _ => Meaning::Unknown,
            },
            Err(why) => Meaning::Unclear(why),
        }
    }

    fn told(&self) -> Result<Option<Call>, String> {
        let stated = self.stated()?;
        let named = self
            .endpoint
            .as_deref()
            .and_then(|name| call_of(name, true, &stated));
        let of_url = self
            .url
            .as_deref()
            .and_then(|url| call_of(url, false, &stated));
        let is_of_another = named.is_none()
            && of_url.is_some()
            && self
                .endpoint
                .as_deref()
                .is_some_and(|name| name.contains("/api/"));
        if is_of_another {
            return Err(
                "its request is unclear: the endpoint and the URL are of different APIs".to_owned(),
            );
        }
        match (named, of_url) {
            (Some(one), Some(other)) => one.with(other, "the URL").map(Some),
            (one, other) => Ok(one.or(other)),
        }
    }
}

/// Returns whether a text is meant as the name of an endpoint, and not as that of a file.
fn is_name(text: &str) -> bool {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    text.contains("/api/") || (!text.is_empty() && text.chars().all(is_word))
}

/// Returns an address, also one without its host.
pub(super) fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    // The first line of a request in HTTP.
    let mut words = text.split_ascii_whitespace();
    let text = match (words.next(), words.next()) {
        (Some(method), Some(path)) if HTTP.contains(&method) => path,
        _ => text,
    };
    Url::parse(text).ok().or_else(|| {
        let any = Url::parse("http://host/").ok()?;
        any.join(text).ok()
    })
}

/// Returns the call of a name, a path or an address.
pub(super) fn call_of(text: &str, may_be_name: bool, stated: &Stated) -> Option<Call> {
    let address = address(text)?;
    let path = address.path();
    let name = Some(path.trim_start_matches('/')).filter(|_| may_be_name);
    if let Some(entry) = find(path, name) {
        return Some(call(entry, stated));
    }
    let own: BTreeMap<String, String> = address.query_pairs().into_owned().collect();
    let (entry, subject) = upstream::meaning(&address, &own)?;
    Some(Call {
        subject: Some(subject),
        ..call(entry, stated)
    })
}

/// Returns the endpoint with this name or path, whatever host and version are before it.
fn find(path: &str, name: Option<&str>) -> Option<&'static Entry> {
    let path = path.trim_end_matches('/');
    let find = |is_it: &dyn Fn(&Entry) -> bool| endpoints::ALL.iter().find(|entry| is_it(entry));
    let exact = find(&|entry| {
        name == Some(entry.name)
            || path.ends_with(entry.path)
            || path.ends_with(entry.path.trim_start_matches("/api/v1"))
    });
    exact.or_else(|| name.and_then(|name| find(&|entry| is_method(name, entry.name))))
}

/// Returns whether a name is that of an endpoint, as the API and clients that are generated from its description write it:
/// `Sora2APIApi.get_user_posts_api_v1_sora2_get_user_posts_get` or `getUserPosts` (api/README.md).
fn is_method(name: &str, endpoint: &str) -> bool {
    let letters = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphanumeric);
        letters.collect::<String>().to_ascii_lowercase()
    };
    let (class, method) = name.rsplit_once('.').unwrap_or(("sora", name));
    let (method, endpoint) = (letters(method), letters(endpoint));
    // Clients of other services have methods of the same names.
    let is_of_service = letters(class).contains("sora");
    let rest = method.strip_prefix(&*endpoint).filter(|_| is_of_service);
    rest.is_some_and(|rest| {
        let generated = format!("apiv1sora2{endpoint}");
        let rest = rest.strip_prefix(&*generated).unwrap_or(rest);
        matches!(
            rest,
            "" | "get" | "post" | "withhttpinfo" | "getwithhttpinfo" | "postwithhttpinfo"
        )
    })
}

/// Returns the call of an endpoint with these parameters.
pub(super) fn call(entry: &'static Entry, stated: &Stated) -> Call {
    let of = |name: &str| {
        stated
            .get(name)
            .map(str::to_owned)
            .filter(|it| !it.is_empty())
    };
    let id = |kind, text: &String| Some(item(kind, text).ok()?.subject);
    let subject = match entry.subject {
        None => Some(String::new()),
        // Some clients put the address where the id belongs.
        Some("post_id") => of("post_id")
            .map(|text| id(Kind::Posts, &text).unwrap_or(text))
            .or_else(|| id(Kind::Posts, &of("post_url")?)),
        Some(name) => of(name),
    };
    Call {
        entry,
        subject,
        cursor: stated.get("cursor").map(str::to_owned),
    }
}
