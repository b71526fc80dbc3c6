//! The address of a file without its signature, which tells files apart.

use url::{Position, Url};

/// Longest address of a file. Real ones have about 200 bytes.
const MAX_BYTES: usize = 4_096;

/// Returns host, port and path of a URL; `None` if it has no host or is too long.
#[must_use]
pub fn url_path(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    url.host()?;
    let path = &url[Position::BeforeHost..Position::AfterPath];
    (path.len() <= MAX_BYTES).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::url_path;

    #[test]
    fn the_signature_does_not_count() {
        let one = url_path("https://videos.openai.com/az/files/a%2Fraw?se=1&sig=2#x");
        assert_eq!(one.as_deref(), Some("videos.openai.com/az/files/a%2Fraw"));
        assert_eq!(
            one,
            url_path("https://u:p@Videos.openai.com:443/az/files/a%2Fraw?sig=3")
        );
        assert_eq!(
            url_path("http://127.0.0.1:40/a").as_deref(),
            Some("127.0.0.1:40/a")
        );
        assert_eq!(url_path("data:text/plain,x"), None);
        assert_eq!(url_path("no url"), None);
        assert_eq!(url_path(&format!("https://x/{}", "a".repeat(5_000))), None);
    }
}
