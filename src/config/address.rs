//! Checks of addresses: base URLs, proxies, sockets and names of hosts.

use url::{Host, Url};

use crate::model::{RENDITIONS, Rendition};

/// Checks a base URL and removes its trailing slashes, so that the path of an endpoint can be appended.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("invalid URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("must start with https:// (or http://) and a host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "must not contain a user name or password: soracrawl shows and logs this URL"
                .to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must not contain `?` or `#`: soracrawl shows and logs this URL".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

pub(super) fn proxy(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("invalid URL: {error}"))?;
    match matches!(url.scheme(), "http" | "https") && url.host().is_some() {
        true => Ok(text.to_owned()),
        false => Err("must begin with http:// or https:// and a host".to_owned()),
    }
}

pub(super) fn socket(text: &str) -> Result<String, String> {
    match text.parse::<std::net::SocketAddr>() {
        Ok(address) if address.port() == 0 => Err("must have a port above 0".to_owned()),
        Ok(address) => Ok(address.to_string()),
        Err(_) => Err("must be an IP address and a port, such as 127.0.0.1:7666".to_owned()),
    }
}

pub(super) fn hosts(list: toml::Value) -> Result<toml::Value, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    for (at, host) in list.as_array().into_iter().flatten().enumerate() {
        if !host.as_str().is_some_and(|host| host.bytes().all(allowed)) {
            return Err(format!(
                "item {} must be a name of a host, such as crawler.example or crawler.example:7666",
                at + 1
            ));
        }
    }
    Ok(list)
}

/// Checks hosts that files come from. A host must be complete: no part of a URL beside it, and no pattern.
pub(super) fn file_hosts(list: toml::Value) -> Result<toml::Value, String> {
    let is_host = |text: &str| {
        let url = Url::parse(&format!("none://{text}")).ok();
        let url = url.filter(|url| url.path().is_empty() && url.username().is_empty());
        let host = url.as_ref().and_then(Url::host_str).map(Host::parse);
        matches!(host, Some(Ok(_))) && !text.contains(['*', '?', '#'])
    };
    for (at, host) in list.as_array().into_iter().flatten().enumerate() {
        if !host.as_str().is_some_and(is_host) {
            return Err(format!(
                "item {} must be a name or an address of a host, such as files.example or 127.0.0.1:8080",
                at + 1
            ));
        }
    }
    Ok(list)
}

/// Checks the names of renditions.
pub(super) fn renditions(list: toml::Value) -> Result<toml::Value, String> {
    for (at, name) in list.as_array().into_iter().flatten().enumerate() {
        if name.as_str().and_then(Rendition::named).is_none() {
            let names = RENDITIONS.map(|known| known.name).join(", ");
            return Err(format!("item {} must be one of {names}", at + 1));
        }
    }
    Ok(list)
}
