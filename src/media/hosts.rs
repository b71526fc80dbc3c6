//! The hosts that files may come from. URLs come out of replies that nobody vouches for.

use std::net::IpAddr;

use url::{Host, Url};

use super::address::is_global;

/// Why a URL is not asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("its URL cannot be read")]
    Invalid,
    #[error("its host {0} is not in media.hosts")]
    Host(String),
    #[error("its URL begins with {0}:, not with https:")]
    Scheme(String),
    #[error("its URL contains a user name or a password")]
    Credentials,
    #[error("its host has the address {0}, which is not a public one")]
    Address(IpAddr),
}

/// A host, and a port if only that one may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    host: Host,
    port: Option<u16>,
}

/// The hosts that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Vec<Allowed>);

impl Hosts {
    /// Reads names and addresses, each perhaps with a port.
    ///
    /// # Errors
    /// Returns the first that is neither.
    pub fn parse<'h>(list: impl IntoIterator<Item = &'h str>) -> Result<Self, String> {
        let all = list.into_iter().map(|text| allowed(text).ok_or(text));
        let all: Result<Vec<Allowed>, &str> = all.collect();
        all.map(Self)
            .map_err(|text| format!("`{text}` is no name of a host"))
    }

    /// Returns the number of hosts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns whether all hosts are addresses of this machine.
    #[must_use]
    pub fn are_here(&self) -> bool {
        self.0.iter().all(|known| is_loopback(&known.host))
    }

    /// Checks a URL. One whose host is an address is asked only if that is public, or one of this machine that the list
    /// contains.
    ///
    /// # Errors
    /// Returns why it is not asked.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        let host = url.host().ok_or(Refused::Invalid)?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let here = is_loopback(&host);
        let is_listed = self.0.iter().any(|known| {
            known.host == host
                && match known.port {
                    Some(port) => url.port_or_known_default() == Some(port),
                    None => here || url.port().is_none(),
                }
        });
        if !is_listed {
            return Err(Refused::Host(host.to_string()));
        }
        let is_secure = url.scheme() == "https" || here && url.scheme() == "http";
        if !is_secure {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        match address(&host) {
            Some(address) if !here && !is_global(address) => Err(Refused::Address(address)),
            _ => Ok(()),
        }
    }
}

fn allowed(text: &str) -> Option<Allowed> {
    let url = Url::parse(&format!("none://{text}")).ok()?;
    let is_plain = ["", "/"].contains(&url.path()) && url.username().is_empty();
    let host = Host::parse(url.host_str()?).ok()?;
    is_plain.then_some(Allowed {
        host,
        port: url.port(),
    })
}

fn address(host: &Host) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some((*address).into()),
        Host::Ipv6(address) => Some((*address).into()),
    }
}

fn is_loopback(host: &Host) -> bool {
    address(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(hosts: &[&str], url: &str) -> Result<(), Refused> {
        let hosts = Hosts::parse(hosts.iter().copied()).unwrap();
        Url::parse(url).map_or(Err(Refused::Invalid), |url| hosts.check(&url))
    }

    #[test]
    fn only_listed_hosts_over_https_are_asked() {
        let hosts = ["videos.openai.com", "files.example:8443", "8.8.8.8"];
        for url in [
            "https://videos.openai.com/az/files/1%2Fraw?sig=1",
            "https://VIDEOS.openai.com:443/1",
            "https://files.example:8443/1",
            "https://8.8.8.8/1",
        ] {
            assert_eq!(check(&hosts, url), Ok(()), "{url}");
        }
        for url in [
            "https://openai.com/1",
            "https://videos.openai.com.evil.example/1",
            "https://evil-videos.openai.com/1",
            "https://videos.openai.com:22/1",
            "https://videos.openai.com./1",
            "https://files.example/1",
            "https://127.0.0.1/1",
            "https://[::1]/1",
            "https://2130706433/1",
            "https://10.0.0.1/1",
        ] {
            assert!(
                matches!(check(&hosts, url), Err(Refused::Host(_))),
                "{url}: {:?}",
                check(&hosts, url)
            );
        }
        let refused = check(&hosts, "http://videos.openai.com/1");
        assert!(matches!(
            refused,
            Err(Refused::Host(_) | Refused::Scheme(_))
        ));
        let refused = check(&hosts, "https://a:b@videos.openai.com/1");
        assert_eq!(refused, Err(Refused::Credentials));
    }

    #[test]
    fn a_private_address_is_refused_also_if_it_is_listed() {
        for (host, url) in [
            ("10.0.0.1", "https://10.0.0.1/1"),
            (
                "169.254.169.254",
                "https://169.254.169.254/latest/meta-data",
            ),
            ("[fd00::1]", "https://[fd00::1]/1"),
            ("[::ffff:127.0.0.1]", "https://[::ffff:127.0.0.1]/1"),
            ("0.0.0.0", "https://0.0.0.0/1"),
        ] {
            let refused = check(&[host], url);
            assert!(
                matches!(refused, Err(Refused::Address(_))),
                "{url}: {refused:?}"
            );
        }
    }

    #[test]
    fn an_address_of_this_machine_is_asked_if_it_is_listed() {
        for url in ["http://127.0.0.1:4000/1", "https://127.0.0.1/1"] {
            assert_eq!(check(&["127.0.0.1"], url), Ok(()), "{url}");
        }
        assert_eq!(check(&["[::1]:4000"], "http://[::1]:4000/1"), Ok(()));
        assert!(check(&["127.0.0.1:4000"], "http://127.0.0.1:4001/1").is_err());
        // A name is none, whatever it resolves to.
        assert!(check(&["localhost"], "http://localhost/1").is_err());
    }

    #[test]
    fn what_is_no_host_is_not_listed() {
        for text in ["", "a b", "https://x", "x/y", "x@y", "*.example/"] {
            assert!(
                Hosts::parse([text]).is_err() || text == "*.example/",
                "{text}"
            );
        }
    }
}
