//! Where the files of a world are, and the signatures of their URLs.

use std::collections::HashMap;

use super::dates;
use super::hash::hex;

const DAY_SECONDS: i64 = 86_400;
const SKOID: &str = "8ffff87a-01f1-47c9-9090-32999d4d6380";
const SKTID: &str = "a48cca56-e6da-484e-a814-9c849652bcb3";
/// Bytes of a video per frame, as in the vendor's replies.
const BYTES_PER_FRAME: u64 = 15_768;
/// Frames of a typical video.
const TYPICAL_FRAMES: u64 = 300;
const LEAST_BYTES: u64 = 1_024;

/// The place of the files: the vendor's hosts, or the simulator itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    /// The simulator's own base URL; nothing if the files are at the vendor's hosts.
    own: Option<String>,
    /// Size of a typical video in bytes; nothing: the size that its frames give.
    typical_bytes: Option<u64>,
    /// Seconds from the world's time to the simulator's.
    ahead: i64,
}

impl Links {
    /// Returns links to the simulator's own files. `ahead` is in seconds: signatures follow the simulator's clock.
    pub(super) fn own(base: String, typical_bytes: Option<u64>, ahead: i64) -> Self {
        Self {
            own: Some(base),
            typical_bytes,
            ahead,
        }
    }

    /// Returns whether the simulator serves the files itself.
    pub(super) fn are_own(&self) -> bool {
        self.own.is_some()
    }

    /// Returns the host of the vendor's public pictures, which need no signature.
    pub(super) fn pictures(&self) -> &str {
        self.own.as_deref().unwrap_or("https://cdn.openai.com")
    }

    /// Returns the size of a video in bytes.
    pub(super) fn video_bytes(&self, frames: u64) -> u64 {
        match self.typical_bytes {
            Some(typical) => (typical * frames / TYPICAL_FRAMES).max(LEAST_BYTES),
            None => frames * BYTES_PER_FRAME,
        }
    }

    /// Returns the simulator's time of a time of the world, in Unix seconds.
    pub(super) fn outside(&self, seconds: i64) -> i64 {
        seconds + self.ahead
    }

    /// Returns when an object that was first signed at a time is signed again: once a day. In Unix seconds of the world.
    pub(super) fn signed_again(&self, first: i64, now: i64) -> i64 {
        match self.own {
            Some(_) => first.max(now - now.rem_euclid(DAY_SECONDS)),
            None => first,
        }
    }

    /// Returns the signed URL of a path. The storage accepts it until the earlier of `se` and `ske`.
    pub(super) fn signed(
        &self,
        path: &str,
        valid_days: i64,
        key_days: i64,
        signed_at: i64,
    ) -> String {
        let host = self.own.as_deref().unwrap_or("https://videos.openai.com");
        let time = |days: i64| dates::iso(self.outside(signed_at) + days * DAY_SECONDS);
        let (se, ske) = (time(valid_days), time(key_days));
        let sig = signature(path, &se, &ske);
        let (se, skt, ske) = (percent(&se), percent(&time(0)), percent(&ske));
        format!(
            "{host}{path}?se={se}&sp=r&sv=2026-02-06&sr=b&skoid={SKOID}&sktid={SKTID}&skt={skt}&ske={ske}&sks=b\
             &skv=2026-02-06&sig={sig}%3D&ac=oaisdsorprnorthcentralus"
        )
    }

    /// Adds the start time of the older format.
    pub(super) fn with_start(&self, url: &str, start: i64) -> String {
        format!("{url}&st={}", percent(&dates::iso(self.outside(start))))
    }
}

fn signature(path: &str, se: &str, ske: &str) -> String {
    hex(7, &[path, se, ske], 42)
}

/// Checks the signature of a path.
///
/// # Errors
/// Returns what is wrong with it at `now`, in Unix seconds.
pub(super) fn check(path: &str, query: &str, now: i64) -> Result<(), String> {
    let pairs: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let value = |name: &str| pairs.get(name).map_or("", String::as_str);
    let (se, ske) = (value("se"), value("ske"));
    if value("sig") != signature(path, se, ske) + "=" {
        return Err("Signature did not match.".to_owned());
    }
    let (now, expiry) = (dates::iso(now), se.min(ske));
    if now.as_str() >= expiry {
        return Err(format!(
            "Signature not valid in the specified time frame: Expiry [{expiry}] - Current [{now}]"
        ));
    }
    Ok(())
}

fn percent(time: &str) -> String {
    time.replace(':', "%3A")
}
