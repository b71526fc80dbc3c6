//! HTTP client for files. It asks listed hosts only, and looks at every hop of a redirect before it follows it.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG, HeaderMap,
    HeaderName, HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER,
    TRANSFER_ENCODING,
};
use url::Url;

use super::answer::{Said, strong};
use super::failure::Failure;
use super::hosts::{Hosts, Refused};
use super::resolve::{GlobalOnly, Lookup};

const MAX_REDIRECTS: usize = 5;

/// Settings of the client.
#[derive(Clone)]
pub struct RemoteSettings {
    pub hosts: Hosts,
    /// URL of a proxy. None of the environment is used.
    pub proxy: Option<String>,
    pub user_agent: String,
    pub connect_timeout: Duration,
    /// Longest time without a byte.
    pub idle_timeout: Duration,
    pub lookup: Arc<dyn Lookup>,
}

/// Asks for files.
pub(super) struct Remote {
    http: reqwest::Client,
    hosts: Hosts,
    is_proxied: bool,
}

impl Remote {
    /// Creates a client. It opens no connection yet.
    ///
    /// # Errors
    /// Returns why the proxy, the user agent or the certificates of the system are invalid.
    pub(super) fn new(settings: &RemoteSettings) -> Result<Self, String> {
        // Fails if the process already has a provider, which then stays in use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.idle_timeout)
            .http1_only()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy();
        builder = match &settings.proxy {
            // The proxy resolves the names of hosts, and has a private address itself in most networks.
            Some(url) => {
                let proxy =
                    reqwest::Proxy::all(url).map_err(|_| "media.proxy is no URL of a proxy")?;
                builder.proxy(proxy)
            }
            None => builder.dns_resolver(GlobalOnly(settings.lookup.clone())),
        };
        if settings.hosts.are_here() {
            // Plain HTTP uses no certificate, so a system without any must still work.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            http: builder.build().map_err(|error| chain(&error))?,
            hosts: settings.hosts.clone(),
            is_proxied: settings.proxy.is_some(),
        })
    }

    /// Asks for a file, or for the rest of it from a byte on if what a validator names has not changed.
    pub(super) async fn get(
        &self,
        url: &Url,
        rest: Option<(u64, &str)>,
    ) -> Result<(Said, Body), Failure> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.hosts.check(&url)?;
            if self.is_proxied && url.scheme() != "https" {
                return Err(Refused::Scheme(url.scheme().to_owned()).into());
            }
            let mut request = self
                .http
                .get(url.clone())
                .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            if let Some((from, validator)) = rest {
                request = request
                    .header(RANGE, format!("bytes={from}-"))
                    .header(IF_RANGE, validator);
            }
            let response = request.send().await.map_err(lost)?;
            match redirected(&url, &response) {
                Some(next) => url = next?,
                None => return Ok((said(&response), Body(response))),
            }
        }
        Err(Failure::Redirects(MAX_REDIRECTS))
    }
}

/// The body of an answer.
pub(super) struct Body(reqwest::Response);

impl Body {
    /// Returns the next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.0.chunk().await.map_err(lost)
    }
}

/// Returns where a redirect leads; `None` if the answer is none.
fn redirected(url: &Url, response: &reqwest::Response) -> Option<Result<Url, Refused>> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = text(response.headers(), LOCATION).filter(|_| is_redirect)?;
    Some(url.join(&location).map_err(|_| Refused::Invalid))
}

fn said(response: &reqwest::Response) -> Said {
    let headers = response.headers();
    let is_chunked = text(headers, TRANSFER_ENCODING)
        .is_some_and(|it| it.to_ascii_lowercase().contains("chunked"));
    let etag = text(headers, ETAG);
    Said {
        status: response.status().as_u16(),
        content_length: response.content_length().filter(|_| !is_chunked),
        is_chunked,
        content_range: text(headers, CONTENT_RANGE),
        etag: etag.as_deref().and_then(strong).map(str::to_owned),
        last_modified: text(headers, LAST_MODIFIED),
        date: text(headers, DATE),
        content_type: text(headers, CONTENT_TYPE),
        content_encoding: text(headers, CONTENT_ENCODING),
        retry_after: text(headers, RETRY_AFTER),
    }
}

/// Returns a header of ordinary length that is text.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= 2_048).then(|| value.to_owned())
}

fn lost(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.clone().into();
        }
        source = cause.source();
    }
    Failure::Transfer(chain(&error))
}

/// Formats an error and its causes on one line, because reqwest's own message omits the causes.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::IpAddr;

    use futures_util::future::BoxFuture;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Every name has these addresses.
    struct Fixed(Vec<IpAddr>);

    impl Lookup for Fixed {
        fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let found = self.0.clone();
            Box::pin(async move { Ok(found) })
        }
    }

    fn remote(hosts: &[&str], addresses: &[&str], proxy: Option<&str>) -> Remote {
        let addresses = addresses.iter().map(|it| it.parse().unwrap());
        let settings = RemoteSettings {
            hosts: Hosts::parse(hosts.iter().copied()).unwrap(),
            proxy: proxy.map(str::to_owned),
            user_agent: "test".to_owned(),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(5),
            lookup: Arc::new(Fixed(addresses.collect())),
        };
        Remote::new(&settings).unwrap()
    }

    async fn refusal(remote: &Remote, url: &str) -> Failure {
        let url = Url::parse(url).unwrap();
        remote
            .get(&url, None)
            .await
            .map(|(said, _)| said)
            .unwrap_err()
    }

    /// Answers every request with a redirect. Returns its port.
    async fn redirecting(to: &'static str) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut some = [0; 4_096];
                let _ = stream.read(&mut some).await;
                let answer =
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_refused() {
        for address in [
            "10.0.0.1",
            "::1",
            "169.254.169.254",
            "127.0.0.1",
            "fd00::1",
            "::ffff:10.0.0.1",
        ] {
            let remote = remote(&["files.example"], &[address], None);
            let why = refusal(&remote, "https://files.example/1").await;
            let refused = Refused::Address(address.parse().unwrap());
            assert_eq!(why, Failure::Refused(refused), "{address}");
        }
    }

    #[tokio::test]
    async fn a_redirect_to_such_a_name_is_refused() {
        for address in ["10.0.0.1", "::1", "169.254.169.254"] {
            let port = redirecting("https://files.example/1").await;
            let hosts = [format!("127.0.0.1:{port}"), "files.example".to_owned()];
            let remote = remote(&hosts.each_ref().map(String::as_str), &[address], None);
            let why = refusal(&remote, &format!("http://127.0.0.1:{port}/1")).await;
            let refused = Refused::Address(address.parse().unwrap());
            assert_eq!(why, Failure::Refused(refused), "{address}");
        }
    }

    #[tokio::test]
    async fn a_circle_of_redirects_ends() {
        let port = redirecting("/again").await;
        let host = format!("127.0.0.1:{port}");
        let remote = remote(&[&host], &[], None);
        let why = refusal(&remote, &format!("http://{host}/1")).await;
        assert_eq!(why, Failure::Redirects(MAX_REDIRECTS));
    }

    #[tokio::test]
    async fn a_proxy_gets_https_only() {
        let remote = remote(&["127.0.0.1"], &[], Some("http://127.0.0.1:9"));
        let why = refusal(&remote, "http://127.0.0.1/1").await;
        assert_eq!(why, Failure::Refused(Refused::Scheme("http".to_owned())));
    }

    #[tokio::test]
    async fn only_public_addresses_of_a_name_are_asked() {
        let only = GlobalOnly(Arc::new(Fixed(
            ["10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"]
                .map(|it| it.parse().unwrap())
                .to_vec(),
        )));
        let name = "files.example".parse().unwrap();
        let found = reqwest::dns::Resolve::resolve(&only, name).await;
        let found: Vec<String> = found.ok().unwrap().map(|it| it.ip().to_string()).collect();
        assert_eq!(found, ["8.8.8.8", "2606:4700::1111"]);
    }
}
