//! Sends a message to a URL. The URL is a secret: no error contains it.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};

use super::message::Message;
use crate::config::{AlertFormat, Config, SecretUrl};

/// Timeout of one request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The clients of alerts. They follow no redirect, because the URL of the next host is not the operator's.
pub struct Sender {
    direct: reqwest::Client,
    /// Uses the proxy of the configuration or of the environment.
    proxied: reqwest::Client,
}

impl Sender {
    /// Builds the clients.
    ///
    /// # Errors
    /// Returns the reason if the certificates of the system cannot be used.
    pub fn new(config: &Config) -> Result<Self, String> {
        // Fails if the process already has a provider, which then stays in use.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("soracrawl/", env!("CARGO_PKG_VERSION")))
                .timeout(TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
        };
        let build = |builder: reqwest::ClientBuilder| {
            let client = builder.build();
            client.map_err(|why| why.without_url().to_string())
        };
        let proxied = match &config.api.proxy {
            Some(url) => {
                let proxy = reqwest::Proxy::all(url.expose());
                builder().proxy(proxy.map_err(|_| "api.proxy is no URL of a proxy")?)
            }
            None => builder(),
        };
        Ok(Self {
            direct: build(builder().no_proxy())?,
            proxied: build(proxied)?,
        })
    }

    fn client(&self, url: &SecretUrl) -> &reqwest::Client {
        match url.is_loopback() {
            true => &self.direct,
            false => &self.proxied,
        }
    }

    /// Calls a URL and reads nothing of its answer.
    ///
    /// # Errors
    /// Returns the reason if there is no answer, or if it is no success.
    pub async fn get(&self, url: &SecretUrl) -> Result<(), String> {
        answered(self.client(url).get(url.expose()).send().await)
    }
}

fn answered(answer: reqwest::Result<reqwest::Response>) -> Result<(), String> {
    match answer {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!(
            "the receiver answered {}",
            answer.status().as_u16()
        )),
        Err(why) => Err(chain(&why.without_url())),
    }
}

/// Returns an error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Sends a message once.
///
/// # Errors
/// Returns the reason if the receiver did not accept it.
pub async fn send(
    sender: &Sender,
    format: AlertFormat,
    url: &SecretUrl,
    message: &Message,
) -> Result<(), String> {
    let form = message.form(format);
    let mut request = sender.client(url).post(url.expose()).body(form.body);
    for (name, value) in form.headers {
        let value = HeaderValue::from_str(&value).map_err(|_| "a header cannot be sent")?;
        request = request.header(HeaderName::from_static(name), value);
    }
    answered(request.send().await)
}
