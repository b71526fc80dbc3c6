//! What can go wrong, how often, and exactly when.
//!
//! A ratio is drawn from the request itself (seed, endpoint, subject, cursor, number of the attempt), so that
//! neither concurrency nor order changes what happens to it. A script names the call.

use std::str::FromStr;

use super::endpoint::Endpoint;
use super::hash::{hash, unit};

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident $name:literal;)*) => {
        /// One way to go wrong. *Billed* ones are those whose status is 200.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $($(#[doc = $doc])* $variant,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name on the command line and in the log.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl FromStr for Fault {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(format!("`{text}` is not a fault; there are: {}", [$($name),*].join(", "))),
                }
            }
        }
    };
}

faults! {
    /// 429 with `Retry-After` in seconds. Not billed.
    Throttle "throttle";
    /// 429 without a word on when to come back. Not billed.
    ThrottleBare "throttle-bare";
    /// 429 with `Retry-After` as an HTTP date. Not billed.
    ThrottleDate "throttle-date";
    /// 429 with `X-RateLimit-Reset` as a Unix time. Not billed.
    ThrottleReset "throttle-reset";
    /// 400 with the vendor's "Please retry". Not billed.
    BadRequestRetry "bad-request-retry";
    /// 500 with a JSON body. Not billed.
    ServerError "server-error";
    /// 502 with an HTML body. Not billed.
    BadGatewayHtml "bad-gateway-html";
    /// 503. Not billed.
    Unavailable "unavailable";
    /// The connection is reset before the request is processed. Not billed.
    ResetBefore "reset-before";
    /// The page is produced and billed, then the connection is reset without a byte of it.
    ResetAfter "reset-after";
    /// The right answer, later than the client waits. Billed.
    Slow "slow";
    /// The head promises the whole body, half of it comes, then the connection is closed. Billed.
    Truncated "truncated";
    /// An HTML page with status 200. Billed.
    Html200 "html-200";
    /// `data` is null. Billed.
    DataNull "data-null";
    /// HTTP status 200, but the body's own `code` is 500. Billed.
    ErrorIn200 "error-in-200";
    /// `data` holds an error instead of the list. Billed.
    DataError "data-error";
    /// Among the good items stand null, a number, text, a list and an empty object. Billed.
    WrongType "wrong-type";
    /// The next cursor leads to this same page again, and only then on. Billed.
    RepeatedPage "repeated-page";
    /// The page begins with the last items of the page before it. Billed.
    OverlappingPage "overlapping-page";
    /// No items, and a new cursor under which they are. Billed.
    EmptyPage "empty-page";
    /// The page gives the cursor of the page before it. Billed; a first page has none, and is served well.
    CursorLoop "cursor-loop";
    /// The page gives its own cursor. Billed; a first page has none, and is served well.
    OwnCursor "own-cursor";
    /// From here on the walk gives this page again and again, each time under a new cursor. Billed.
    EndlessNewCursors "endless-new-cursors";
    /// `has_more` is true, and there is no cursor. Billed.
    HasMoreNoCursor "has-more-no-cursor";
    /// `has_more` is false, and there is a cursor. Billed.
    HasMoreFalseWithCursor "has-more-false-with-cursor";
    /// The walk's cursors so far are refused (400 or 422); a walk from its head is well. Not billed; a first
    /// page is served well.
    ExpiredCursor "expired-cursor";
    /// 404 for the subject, wherever it is asked for, from now on. Not billed.
    Gone "gone";
    /// 402 for everything from now on, with the request's headers in the body. Not billed.
    CreditExhausted "credit-exhausted";
    /// 401 for everything from now on, with the key in the body. Not billed.
    KeyRefused "key-refused";
    /// 403 of the host before the vendor, as HTML or JSON. Not billed.
    ForbiddenCloudflare "forbidden-cloudflare";
    /// 404 for the path itself from now on. Not billed.
    EndpointRetired "endpoint-retired";
    /// The path answers 410 for this call. Not billed.
    Status410 "status-410";
    /// A good answer with 100 MB of padding, chunked. Billed.
    TooLarge "too-large";
    /// A small gzip body that becomes 256 MB. Billed.
    GzipBomb "gzip-bomb";
    /// A body that never ends. Billed.
    EndlessBody "endless-body";
    /// The right answer, a byte at a time, five a second. Billed.
    SlowDrip "slow-drip";
    /// 302 to another host, which takes note of the key if it comes along. Not billed.
    Redirect "redirect";
    /// The right answer, labelled as text. Billed.
    WrongContentType "wrong-content-type";
    /// Something new at the head of the list has moved this page down by one: its first item was the last of
    /// the page before, and the walk goes on from there. Billed; a first page is served well.
    ItemsInserted "items-inserted";
    /// Something is gone from the head of the list: this page begins one item late, and that item is not seen
    /// in this walk. Billed; a first page is served well.
    ItemsDeleted "items-deleted";
}

impl Fault {
    /// Those after which a client that tries again still ends with the whole truth.
    pub const RECOVERABLE: &'static [Self] = &[
        Self::Throttle,
        Self::ThrottleBare,
        Self::BadRequestRetry,
        Self::ServerError,
        Self::BadGatewayHtml,
        Self::Unavailable,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Truncated,
        Self::Html200,
        Self::DataNull,
        Self::ErrorIn200,
        Self::DataError,
        Self::WrongType,
        Self::RepeatedPage,
        Self::OverlappingPage,
        Self::EmptyPage,
        Self::WrongContentType,
        Self::ItemsInserted,
    ];

    /// Whether the fault changes a page rather than the way to it; it then happens to lists alone.
    #[must_use]
    pub fn edits_the_page(self) -> bool {
        matches!(
            self,
            Self::WrongType
                | Self::RepeatedPage
                | Self::OverlappingPage
                | Self::EmptyPage
                | Self::CursorLoop
                | Self::OwnCursor
                | Self::EndlessNewCursors
                | Self::HasMoreNoCursor
                | Self::HasMoreFalseWithCursor
                | Self::ItemsInserted
                | Self::ItemsDeleted
        )
    }

    /// Whether the fault is about a cursor or a page before, so that a first page cannot have it.
    #[must_use]
    pub fn needs_a_cursor(self) -> bool {
        matches!(
            self,
            Self::OverlappingPage
                | Self::CursorLoop
                | Self::OwnCursor
                | Self::ExpiredCursor
                | Self::ItemsInserted
                | Self::ItemsDeleted
        )
    }
}

/// A fault and how large a share of calls it takes: `throttle=0.02`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    pub fault: Fault,
    pub ratio: f64,
}

impl FromStr for Ratio {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, ratio) = text.split_once('=').ok_or("not of the form name=ratio")?;
        let ratio: f64 = ratio
            .parse()
            .map_err(|_| format!("`{ratio}` is not a ratio"))?;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(format!("`{ratio}` does not lie between 0 and 1"));
        }
        Ok(Self {
            fault: name.parse()?,
            ratio,
        })
    }
}

/// One exact failure: `endpoint[@subject]:n[+]=fault`, where `*` is any endpoint, n counts that endpoint's (and
/// subject's) calls from 1, and `+` means every call from the n-th on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub endpoint: Option<Endpoint>,
    pub subject: Option<String>,
    pub call: u64,
    pub is_from_there_on: bool,
    pub fault: Fault,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("`{text}` is not of the form endpoint[@subject]:n[+]=fault");
        let (place, fault) = text.rsplit_once('=').ok_or_else(form)?;
        let (whose, call) = place.rsplit_once(':').ok_or_else(form)?;
        let (endpoint, subject) = match whose.split_once('@') {
            Some((endpoint, subject)) => (endpoint, Some(subject.to_owned())),
            None => (whose, None),
        };
        let endpoint = match endpoint {
            "*" => None,
            name => Some(Endpoint::named(name).ok_or_else(|| format!("no endpoint `{name}`"))?),
        };
        let number = call.strip_suffix('+').unwrap_or(call);
        Ok(Self {
            endpoint,
            subject,
            call: number.parse().ok().filter(|n| *n > 0).ok_or_else(form)?,
            is_from_there_on: call.ends_with('+'),
            fault: fault.parse()?,
        })
    }
}

/// All that is to go wrong.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pub seed: u64,
    pub ratios: Vec<Ratio>,
    pub script: Vec<Rule>,
    /// After so many failed attempts in a row a page is left alone.
    pub streak: u32,
}

/// How often a call's endpoint, and its subject at that endpoint, have been called, this call included.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub all: u64,
    pub endpoint: u64,
    pub subject: u64,
}

impl Faults {
    /// `group` is spread evenly over the recoverable faults.
    #[must_use]
    pub fn new(seed: u64, group: f64, single: &[Ratio], script: &[Rule], streak: u32) -> Self {
        let mut ratios = single.to_vec();
        if group > 0.0 {
            let ratio = group / Fault::RECOVERABLE.len() as f64;
            ratios.extend(Fault::RECOVERABLE.iter().map(|fault| Ratio {
                fault: *fault,
                ratio,
            }));
        }
        Self {
            seed,
            ratios,
            script: script.to_vec(),
            streak,
        }
    }

    /// What the script says of this call.
    #[must_use]
    pub fn scripted(&self, endpoint: Endpoint, subject: &str, counts: Counts) -> Option<Fault> {
        let hits = |rule: &&Rule| {
            let count = match (&rule.endpoint, &rule.subject) {
                (_, Some(_)) => counts.subject,
                (Some(_), None) => counts.endpoint,
                (None, None) => counts.all,
            };
            rule.endpoint.is_none_or(|it| it == endpoint)
                && rule.subject.as_ref().is_none_or(|it| it == subject)
                && (count == rule.call || rule.is_from_there_on && count > rule.call)
        };
        self.script.iter().find(hits).map(|rule| rule.fault)
    }

    /// What the ratios say of this attempt at a page; `attempt` counts from 0.
    #[must_use]
    pub fn drawn(
        &self,
        endpoint: Endpoint,
        subject: &str,
        cursor: &str,
        attempt: u32,
    ) -> Option<Fault> {
        if self.ratios.is_empty() {
            return None;
        }
        let parts = [endpoint.name(), subject, cursor, &attempt.to_string()];
        let mut left = unit(hash(self.seed, &parts));
        for Ratio { fault, ratio } in &self.ratios {
            if left < *ratio {
                return Some(*fault);
            }
            left -= ratio;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Fault, Faults, Rule};
    use crate::sim::endpoint::Endpoint;

    #[test]
    fn a_script_names_its_call_exactly() {
        let rule: Rule = "get_user_posts@user-1:2+=reset-after"
            .parse()
            .expect("a rule");
        let faults = Faults::new(1, 0.0, &[], &[rule], 2);
        let at = |subject: &str, n| {
            let counts = Counts {
                all: 99,
                endpoint: 50,
                subject: n,
            };
            faults.scripted(Endpoint::UserPosts, subject, counts)
        };
        assert_eq!(at("user-1", 1), None);
        assert_eq!(at("user-1", 2), Some(Fault::ResetAfter));
        assert_eq!(at("user-1", 7), Some(Fault::ResetAfter));
        assert_eq!(at("user-2", 2), None);
        assert!("get_user_posts=reset-after".parse::<Rule>().is_err());
        assert!("get_user_posts:0=reset-after".parse::<Rule>().is_err());
        assert!("get_nothing:1=reset-after".parse::<Rule>().is_err());
        assert!("*:1=explosion".parse::<Rule>().is_err());
    }

    #[test]
    fn a_group_ratio_takes_its_share_and_the_draw_repeats() {
        let faults = Faults::new(7, 0.3, &[], &[], 2);
        let draw = |n: u32| faults.drawn(Endpoint::Feed, "", &n.to_string(), 0);
        let hits = (0..10_000).filter(|n| draw(*n).is_some()).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!((0..100).all(|n| draw(n) == draw(n)));
        assert!((0..100).any(|n| draw(n) != faults.drawn(Endpoint::Feed, "", &n.to_string(), 1)));
    }
}
