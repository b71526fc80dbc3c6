//! Who may ask a server of this program: which names are its own, and whether a key is the right one.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use sha2::{Digest, Sha256};

/// Returns whether a request names this server. `target` is the host of a request target that has one, and `host` are all values
/// of its Host header. Two values are as good as none.
#[must_use]
pub fn names_us<'h>(
    target: Option<&str>,
    host: impl IntoIterator<Item = &'h [u8]>,
    listen: SocketAddr,
    hosts: &[String],
) -> bool {
    let is_ours = |host: &str| is_our_host(host, listen, hosts);
    let mut values = host.into_iter();
    let (Some(host), None) = (values.next(), values.next()) else {
        return false;
    };
    std::str::from_utf8(host).is_ok_and(is_ours) && target.is_none_or(is_ours)
}

/// Returns whether a Host header names this machine, the address that is listened on, or one of `hosts`. Any other name may be
/// one that another site lets lead here.
fn is_our_host(host: &str, listen: SocketAddr, hosts: &[String]) -> bool {
    let Some((name, port)) = split(host) else {
        return false;
    };
    let is_known = |host: &str| hosts.iter().any(|known| known.eq_ignore_ascii_case(host));
    if is_known(host) || is_known(name) {
        return true;
    }
    let is_ours = match address(name) {
        Some(address) => {
            address.is_loopback() || address == listen.ip() && !address.is_unspecified()
        }
        None => name.eq_ignore_ascii_case("localhost"),
    };
    // A proxy on another port is a name of its own.
    is_ours && port.is_none_or(|port| port == listen.port())
}

/// Splits a host into its name and its port, if it has one. `None` if it has a port that is no number of a port. An IPv6 address
/// has brackets.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let name_end = match host.strip_prefix('[') {
        Some(_) => host.find(']')? + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let (name, rest) = host.split_at_checked(name_end)?;
    if rest.is_empty() {
        return Some((name, None));
    }
    let port = rest.strip_prefix(':')?;
    // `parse` takes a sign.
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    Some((name, Some(port.parse().ok().filter(|_| is_number)?)))
}

fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => {
            let inner: Ipv6Addr = rest.strip_suffix(']')?.parse().ok()?;
            Some(inner.into())
        }
        None => name.parse().ok(),
    }
}

/// Compares without telling by the time how much is equal, or how long the secret is.
#[must_use]
pub fn is_equal(given: &str, secret: &str) -> bool {
    let (given, secret) = (Sha256::digest(given), Sha256::digest(secret));
    let differences = given
        .iter()
        .zip(&secret)
        .fold(0, |all, (one, other)| all | (one ^ other));
    std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::{is_equal, names_us};

    fn is_ours(host: &str) -> bool {
        let hosts = ["archive.example".to_owned(), "proxy:8443".to_owned()];
        let listen = "127.0.0.1:18413".parse().unwrap();
        names_us(None, [host.as_bytes()], listen, &hosts)
    }

    #[test]
    fn only_a_whole_name_with_a_whole_port_is_ours() {
        for ours in [
            "127.0.0.1:18413",
            "127.0.0.1",
            "127.8.9.1:18413",
            "localhost",
            "LocalHost:18413",
            "[::1]",
            "[::1]:18413",
            "[0:0:0:0:0:0:0:1]:18413",
            "archive.example",
            "ARCHIVE.example:1",
            "archive.example:65535",
            "proxy:8443",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        let names = ["127.0.0.1", "localhost", "[::1]", "archive.example"];
        let ends = [
            ":18413.evil.com",
            ":18413:18413",
            ":",
            ":+18413",
            ":-1",
            ":65536",
            ":118413",
            ":0x47ed",
            ":18413 ",
            ": 18413",
            ":18413/",
            ":18413@evil.com",
            ":١",
            " ",
            ".evil.com",
            ".",
            "@evil.com",
            "#",
            "/",
            "\\.evil.com",
            "%00",
            ",evil.com",
        ];
        for name in names {
            for end in ends {
                assert!(!is_ours(&format!("{name}{end}")), "{name}{end}");
            }
            for start in ["user@", "user:18413@", " ", "evil.com.", "evil.com,", "["] {
                assert!(!is_ours(&format!("{start}{name}")), "{start}{name}");
            }
        }
        for other in [
            "",
            ":18413",
            "[",
            "]",
            "[]",
            "[]:18413",
            "::1",
            "::1:18413",
            "[::1",
            "[::1]18413",
            "[::1].evil.com",
            "[::1]:18413]",
            "[[::1]]",
            "[::1%lo]",
            "[::ffff:127.0.0.1]",
            "[127.0.0.1]",
            "[localhost]",
            "[archive.example]",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "0.0.0.0:18413",
            "localhost:80",
            "proxy",
            "proxy:80",
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }

    #[test]
    fn the_target_and_one_host_header_must_both_be_ours() {
        let listen = "127.0.0.1:18413".parse().unwrap();
        let ours = b"127.0.0.1:18413".as_slice();
        let is_answered = |target: Option<&str>, host: &[&[u8]]| {
            names_us(target, host.iter().copied(), listen, &[])
        };
        assert!(is_answered(None, &[ours]));
        assert!(is_answered(Some("localhost:18413"), &[ours]));
        for (target, host) in [
            (None, [].as_slice()),
            (None, &[ours, ours]),
            (None, &[ours, b"evil.com"]),
            (None, &[b"127.0.0.1\xff"]),
            (Some("localhost:18413"), &[]),
            (Some("localhost:18413"), &[b"evil.com"]),
            (Some("evil.com"), &[ours]),
            (Some("localhost@evil.com"), &[ours]),
            (Some("user@localhost"), &[ours]),
        ] {
            assert!(!is_answered(target, host), "{target:?} {host:?}");
        }
    }

    #[test]
    fn a_key_is_equal_only_as_a_whole() {
        assert!(is_equal("0123456789abcdef", "0123456789abcdef"));
        for wrong in [
            "",
            "0123456789abcde",
            "0123456789abcdeff",
            "0123456789ABCDEF",
        ] {
            assert!(!is_equal(wrong, "0123456789abcdef"), "{wrong}");
        }
    }
}
