//! Addresses of the site that the remote reads from.

use percent_encoding::percent_decode_str;
use url::Url;

/// Hosts of the site (api/README.md §2 and §9).
const HOSTS: [&str; 4] = [
    "sora.chatgpt.com",
    "www.sora.chatgpt.com",
    "sora.com",
    "www.sora.com",
];
/// Beginning of the paths of the site's own API.
const API: [&str; 2] = ["backend", "project_y"];

/// Returns the decoded parts of the path of an address, without those of the site's own API. Returns `None` if the text
/// is no address.
///
/// # Errors
/// Returns why an address is not one of this site.
pub(super) fn segments(text: &str) -> Result<Option<Vec<String>>, String> {
    let begins_with_host = HOSTS.iter().any(|host| {
        let begin = text.get(..host.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(host))
            && text[host.len()..].starts_with('/')
    });
    let whole = if begins_with_host {
        format!("https://{text}")
    } else {
        text.to_owned()
    };
    let scheme = whole.get(..8).unwrap_or(&whole).to_ascii_lowercase();
    if !scheme.starts_with("http://") && !scheme.starts_with("https://") {
        return Ok(None);
    }
    let url = Url::parse(&whole).map_err(|error| format!("`{text}` is no address: {error}"))?;
    let host = url.host_str().unwrap_or_default();
    if !HOSTS.contains(&host) || !url.username().is_empty() {
        return Err(format!(
            "`{text}` is an address of {host}, not of {}",
            HOSTS[0]
        ));
    }
    let mut segments = Vec::new();
    for segment in url.path_segments().into_iter().flatten() {
        let decoded = percent_decode_str(segment)
            .decode_utf8()
            .map_err(|_| format!("`{text}` is no address: it has invalid %-codes"))?;
        if !decoded.is_empty() {
            segments.push(decoded.into_owned());
        }
    }
    if segments.starts_with(&API.map(str::to_owned)) {
        segments.drain(..API.len());
    }
    Ok(Some(segments))
}
