//! The faults of the storage that serves the files, and the rules that say which request has one.

use std::str::FromStr;

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal;)*) => {
        /// One fault of the storage.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MediaFault { $($(#[doc = $doc])* $variant,)* }

        impl MediaFault {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl FromStr for MediaFault {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("unknown fault `{text}`; known faults of files: {}", [$($name),*].join(", "))),
                }
            }
        }
    };
}

faults! {
    /// 200 with the whole file, although the request has a `Range`.
    RangeIgnored "range-ignored";
    /// 206 whose part begins at half of the asked start. `Content-Range` says so.
    WrongStart "wrong-start";
    /// 416, although the range is within the file.
    RangeRefused "range-refused";
    /// The head announces the whole body, half of the body follows, then the connection closes.
    CutBody "cut-body";
    /// `Content-Length` is half of the body, and no more follows: only the size that the replies state tells it.
    LyingLength "lying-length";
    /// An HTML page with status 200.
    Html200 "html-200";
    /// 403, as for a signature that has expired.
    Expired "expired";
    /// 302 to `http://10.0.0.1/`.
    RedirectPrivate "redirect-private";
    /// 302 to `http://169.254.169.254/`, where clouds keep credentials.
    RedirectMetadata "redirect-metadata";
    /// 302 to another URL of the same file.
    RedirectAllowed "redirect-allowed";
    /// Other bytes of the same length with the same `ETag` and `Last-Modified`.
    ChangedContent "changed-content";
    /// Other bytes of the same length with another `ETag` and a later `Last-Modified`.
    NewVersion "new-version";
    /// The correct answer at five bytes per second.
    SlowDrip "slow-drip";
    /// 503 with `Retry-After`.
    Unavailable "unavailable";
}

impl MediaFault {
    /// Returns whether only a request with a `Range` can have the fault.
    #[must_use]
    pub fn needs_a_range(self) -> bool {
        matches!(
            self,
            Self::RangeIgnored | Self::WrongStart | Self::RangeRefused
        )
    }
}

/// A scripted fault of one exact request for a file: `media[@path]:n[+]=fault`.
///
/// `path` is any part of a path. `n` counts, from 1, the requests for such files that can have the fault. `+` includes all later ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRule {
    pub path: String,
    pub request: u64,
    pub is_from_there_on: bool,
    pub fault: MediaFault,
}

impl MediaRule {
    /// Returns whether the rule counts a request.
    pub(in crate::sim) fn counts(&self, path: &str, has_range: bool) -> bool {
        path.contains(&self.path) && (has_range || !self.fault.needs_a_range())
    }

    /// Returns whether the `n`-th request that the rule counts has the fault.
    pub(in crate::sim) fn hits(&self, n: u64) -> bool {
        n == self.request || self.is_from_there_on && n > self.request
    }
}

impl FromStr for MediaRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}`: expected media[@path]:n[+]=fault");
        let (place, fault) = text.rsplit_once('=').ok_or_else(form)?;
        let (files, request) = place.rsplit_once(':').ok_or_else(form)?;
        let path = match files.split_once('@') {
            Some(("media", path)) => path,
            None if files == "media" => "",
            _ => return Err(form()),
        };
        let number = request.strip_suffix('+').unwrap_or(request);
        Ok(Self {
            path: path.to_owned(),
            request: number.parse().ok().filter(|n| *n > 0).ok_or_else(form)?,
            is_from_there_on: request.ends_with('+'),
            fault: fault.parse()?,
        })
    }
}
