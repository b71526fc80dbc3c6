//! Who may ask a server of this program: which names are its own, and whether a key is the right one.

use std::net::{IpAddr, SocketAddr};

/// Returns whether a Host header names this machine, the address that is listened on, or one of `hosts`. Any other name may be
/// one that another site lets lead here.
#[must_use]
pub fn is_our_host(host: &str, listen: SocketAddr, hosts: &[String]) -> bool {
    if hosts.iter().any(|name| name.eq_ignore_ascii_case(host)) {
        return true;
    }
    let (name, port) = match host.parse::<SocketAddr>() {
        Ok(address) => (address.ip().to_string(), Some(address.port())),
        Err(_) => match host.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
                (name.to_owned(), port.parse().ok())
            }
            _ => (host.to_owned(), None),
        },
    };
    if hosts.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
        return true;
    }
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    let is_ours = match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address == listen.ip() && !address.is_unspecified(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    };
    // A proxy on another port is a name of its own.
    is_ours && port.is_none_or(|port| port == listen.port())
}

/// Compares without telling by the time how much is equal.
#[must_use]
pub fn is_equal(given: &str, secret: &str) -> bool {
    let (given, secret) = (given.as_bytes(), secret.as_bytes());
    let differences = given
        .iter()
        .zip(secret)
        .fold(0, |all, (one, other)| all | (one ^ other));
    given.len() == secret.len() && differences == 0
}
