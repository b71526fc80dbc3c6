//! What to ask for when a part of a file is there, and what an answer means. Pure.

use jiff::fmt::rfc2822::DateTimeParser;

use super::failure::Failure;
use super::kind::is_text;

/// A file that is not whole, as the disk and the row tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Strong ETag.
    pub etag: Option<String>,
    /// Last-Modified, if it is a strong validator.
    pub last_modified: Option<String>,
    /// Size of the whole file, as an earlier answer stated it.
    pub total: Option<u64>,
}

impl Part {
    /// Returns what must not have changed, for the header If-Range.
    #[must_use]
    pub fn validator(&self) -> Option<&str> {
        self.etag.as_deref().or(self.last_modified.as_deref())
    }
}

/// What to do about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// All bytes are there.
    Nothing,
    /// Ask for the whole file.
    Whole,
    /// Ask for the rest, from this byte.
    Rest(u64),
}

/// Returns what to ask for. Without a validator, nothing tells whether the file is still the same.
#[must_use]
pub fn ask(part: &Part) -> Ask {
    match (part.validator(), part.total) {
        (Some(_), Some(total)) if part.bytes == total && total > 0 => Ask::Nothing,
        (Some(_), Some(total)) if part.bytes > 0 && part.bytes < total => Ask::Rest(part.bytes),
        _ => Ask::Whole,
    }
}

/// An answer without its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    pub status: u16,
    pub content_length: Option<u64>,
    /// The body has a mark at its end, so that a cut is noticed.
    pub is_chunked: bool,
    pub content_range: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub date: Option<String>,
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub retry_after: Option<String>,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The body is the whole file.
    Whole {
        total: Option<u64>,
    },
    /// The body goes on where the part ends, up to this byte.
    Rest {
        end: u64,
    },
    /// All bytes are there.
    Complete,
    /// What is there is of no use: ask for the whole file.
    StartOver(Failure),
    Failed(Failure),
}

/// Judges an answer to a request for a file of which `part` is there.
#[must_use]
pub fn judge(asked: &Ask, part: &Part, said: &Said, max_bytes: u64) -> Verdict {
    match (said.status, asked) {
        (200, _) => whole(said, max_bytes),
        (206, Ask::Rest(_)) => rest(part, said),
        (206, _) => failed(Failure::NotTheRest("nothing was there".to_owned())),
        // RFC 9110, 14.4: `*/total`.
        (416, Ask::Rest(_))
            if total_of_416(said) == Some(part.bytes) && part.total == Some(part.bytes) =>
        {
            Verdict::Complete
        }
        (416, _) => Verdict::StartOver(Failure::NotTheRest("it is shorter than before".to_owned())),
        (404 | 410, _) => failed(Failure::Gone(said.status)),
        (401 | 403, _) => failed(Failure::Denied(said.status)),
        (status, _) => failed(Failure::Status {
            status,
            retry_after_seconds: said
                .retry_after
                .as_deref()
                .and_then(|text| text.trim().parse().ok())
                .filter(|seconds: &f64| (0.0..=86_400.0).contains(seconds)),
        }),
    }
}

fn failed(failure: Failure) -> Verdict {
    Verdict::Failed(failure)
}

/// Returns why the body cannot be the bytes of a file.
fn is_no_file(said: &Said) -> Option<Failure> {
    let coding = said.content_encoding.as_deref().unwrap_or("identity");
    let coding = coding.trim();
    if !coding.is_empty() && !coding.eq_ignore_ascii_case("identity") {
        return Some(Failure::WrongType("a compressed answer".to_owned()));
    }
    let content_type = said.content_type.as_deref().unwrap_or("");
    is_text(content_type).then(|| Failure::WrongType("a text".to_owned()))
}

fn whole(said: &Said, max_bytes: u64) -> Verdict {
    if let Some(failure) = is_no_file(said) {
        return failed(failure);
    }
    match said.content_length {
        Some(bytes) if bytes > max_bytes => failed(Failure::TooLarge {
            bytes,
            max: max_bytes,
        }),
        Some(0) => failed(Failure::WrongType("empty".to_owned())),
        Some(total) => Verdict::Whole { total: Some(total) },
        None if said.is_chunked => Verdict::Whole { total: None },
        None => failed(Failure::NoSize),
    }
}

fn rest(part: &Part, said: &Said) -> Verdict {
    let not_the_rest = |why: &str| Verdict::StartOver(Failure::NotTheRest(why.to_owned()));
    if let Some(failure) = is_no_file(said) {
        return failed(failure);
    }
    let Some((start, end, total)) = said.content_range.as_deref().and_then(range) else {
        return not_the_rest("it does not state which bytes it has");
    };
    if start != part.bytes {
        return not_the_rest("it begins at another byte");
    }
    if total.is_none_or(|total| end >= total) || total != part.total {
        return not_the_rest("the whole file has another size");
    }
    if said
        .content_length
        .is_some_and(|length| Some(length) != (end + 1).checked_sub(start))
    {
        return not_the_rest("its own size contradicts its range");
    }
    let is_same = match (&part.etag, &part.last_modified) {
        (Some(etag), date) => {
            let is_dated_otherwise =
                date.is_some() && said.last_modified.is_some() && *date != said.last_modified;
            said.etag.as_ref() == Some(etag) && !is_dated_otherwise
        }
        (None, Some(date)) => said.last_modified.as_ref() == Some(date),
        (None, None) => false,
    };
    match is_same {
        true => Verdict::Rest { end: end + 1 },
        false => not_the_rest("it does not say that it belongs to the same version of the file"),
    }
}

/// Reads `bytes 5-9/10` or `bytes 5-9/*`.
fn range(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (unit, text) = text.trim().split_once(' ')?;
    let (range, total) = text.split_once('/')?;
    let (start, end) = range.trim().split_once('-')?;
    let (start, end) = (number(start)?, number(end)?);
    let total = match total.trim() {
        "*" => None,
        total => Some(number(total)?),
    };
    (unit.eq_ignore_ascii_case("bytes") && start <= end).then_some((start, end, total))
}

/// Reads digits only: `parse` would also take a sign.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|it| it.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn total_of_416(said: &Said) -> Option<u64> {
    let text = said.content_range.as_deref()?;
    number(text.trim().strip_prefix("bytes */")?)
}

/// Returns Last-Modified if it is a strong validator: at least a second older than the answer (RFC 9110, 8.8.2.2). A file that
/// changes twice in a second has the same date twice.
#[must_use]
pub fn strong_date(said: &Said) -> Option<&str> {
    let date = said.last_modified.as_deref()?;
    let seconds = |text: &str| {
        let parsed = DateTimeParser::new().parse_timestamp(text.trim());
        parsed.ok().map(jiff::Timestamp::as_second)
    };
    (seconds(date)? < seconds(said.date.as_deref()?)?).then_some(date)
}

/// Returns an ETag if it is a strong one (RFC 9110, 8.8.3).
#[must_use]
pub fn strong(etag: &str) -> Option<&str> {
    let etag = etag.trim();
    (etag.len() >= 2 && etag.starts_with('"') && etag.ends_with('"')).then_some(etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = 1_000;

    fn part() -> Part {
        Part {
            bytes: 40,
            etag: Some("\"a\"".to_owned()),
            last_modified: None,
            total: Some(100),
        }
    }

    fn rest_of(range: &str) -> Said {
        Said {
            status: 206,
            content_range: Some(range.to_owned()),
            etag: Some("\"a\"".to_owned()),
            ..Said::default()
        }
    }

    #[test]
    fn a_part_is_continued_only_if_something_tells_that_the_file_is_the_same() {
        assert_eq!(ask(&part()), Ask::Rest(40));
        assert_eq!(
            ask(&Part {
                etag: None,
                ..part()
            }),
            Ask::Whole
        );
        assert_eq!(
            ask(&Part {
                total: None,
                ..part()
            }),
            Ask::Whole
        );
        assert_eq!(ask(&Part { bytes: 0, ..part() }), Ask::Whole);
        assert_eq!(
            ask(&Part {
                bytes: 100,
                ..part()
            }),
            Ask::Nothing
        );
        assert_eq!(
            ask(&Part {
                bytes: 101,
                ..part()
            }),
            Ask::Whole
        );
        let dated = Part {
            etag: None,
            last_modified: Some("Thu, 01 Jan 2026 00:00:00 GMT".to_owned()),
            ..part()
        };
        assert_eq!(ask(&dated), Ask::Rest(40));
    }

    #[test]
    fn the_rest_must_begin_where_the_part_ends_and_have_the_same_total() {
        let judge = |said: &Said| judge(&Ask::Rest(40), &part(), said, MAX);
        assert_eq!(
            judge(&rest_of("bytes 40-99/100")),
            Verdict::Rest { end: 100 }
        );
        assert_eq!(
            judge(&rest_of("bytes 40-59/100")),
            Verdict::Rest { end: 60 }
        );
        for range in [
            "bytes 0-99/100",
            "bytes 39-99/100",
            "bytes 41-99/100",
            "bytes 40-99/101",
            "bytes 40-100/100",
            "bytes 40-99/*",
            "bytes 40-39/100",
            "bytes +40-99/100",
            "items 40-99/100",
            "bytes 40-18446744073709551615/100",
            "",
        ] {
            let verdict = judge(&rest_of(range));
            assert!(
                matches!(verdict, Verdict::StartOver(_)),
                "{range}: {verdict:?}"
            );
        }
        let contradicting = Said {
            content_length: Some(61),
            ..rest_of("bytes 40-99/100")
        };
        assert!(matches!(judge(&contradicting), Verdict::StartOver(_)));
        assert!(matches!(
            judge(&Said {
                status: 206,
                ..Said::default()
            }),
            Verdict::StartOver(_)
        ));
    }

    #[test]
    fn the_rest_must_say_that_it_is_of_the_version_that_was_asked_for() {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (jan, feb) = (
            Some("Thu, 01 Jan 2026 00:00:00 GMT"),
            Some("Sun, 01 Feb 2026 00:00:00 GMT"),
        );
        let (a, b) = (Some("\"a\""), Some("\"b\""));
        // What the part has, what the answer says, and whether it goes on.
        for (known, now, goes_on) in [
            ((a, None), (a, None), true),
            ((a, jan), (a, None), true),
            ((a, jan), (a, jan), true),
            ((a, None), (a, feb), true),
            ((None, jan), (None, jan), true),
            ((None, jan), (b, jan), true),
            ((a, None), (b, None), false),
            // A weak ETag is as good as none.
            ((a, None), (None, None), false),
            ((a, jan), (None, jan), false),
            ((a, jan), (a, feb), false),
            ((None, jan), (None, feb), false),
            ((None, jan), (None, None), false),
            ((None, jan), (a, None), false),
            ((None, None), (a, jan), false),
        ] {
            let part = Part {
                etag: text(known.0),
                last_modified: text(known.1),
                ..part()
            };
            let said = Said {
                etag: text(now.0),
                last_modified: text(now.1),
                ..rest_of("bytes 40-99/100")
            };
            let verdict = judge(&Ask::Rest(40), &part, &said, MAX);
            assert_eq!(
                verdict == Verdict::Rest { end: 100 },
                goes_on,
                "{known:?} {now:?}"
            );
            assert_eq!(matches!(verdict, Verdict::StartOver(_)), !goes_on);
        }
    }

    #[test]
    fn a_date_is_strong_if_the_answer_is_later() {
        let modified = "Thu, 01 Jan 2026 00:00:00 GMT";
        for (date, is_strong) in [
            (Some("Thu, 01 Jan 2026 00:00:01 GMT"), true),
            (Some(modified), false),
            (Some("Wed, 31 Dec 2025 23:59:59 GMT"), false),
            (Some("soon"), false),
            (None, false),
        ] {
            let said = Said {
                last_modified: Some(modified.to_owned()),
                date: date.map(str::to_owned),
                ..Said::default()
            };
            assert_eq!(strong_date(&said).is_some(), is_strong, "{date:?}");
        }
        assert_eq!(strong_date(&Said::default()), None);
    }

    #[test]
    fn a_whole_answer_starts_over_and_states_its_size() {
        let whole = Said {
            status: 200,
            content_length: Some(100),
            content_type: Some("video/mp4".to_owned()),
            ..Said::default()
        };
        let verdict = |said: &Said| judge(&Ask::Rest(40), &part(), said, MAX);
        assert_eq!(verdict(&whole), Verdict::Whole { total: Some(100) });
        let of_length = |length| Said {
            content_length: length,
            ..whole.clone()
        };
        assert_eq!(verdict(&of_length(None)), failed(Failure::NoSize));
        let chunked = Said {
            is_chunked: true,
            ..of_length(None)
        };
        assert_eq!(verdict(&chunked), Verdict::Whole { total: None });
        let large = Failure::TooLarge {
            bytes: 1_001,
            max: MAX,
        };
        assert_eq!(verdict(&of_length(Some(1_001))), failed(large));
        assert!(matches!(
            verdict(&of_length(Some(0))),
            Verdict::Failed(Failure::WrongType(_))
        ));
        let page = Said {
            content_type: Some("text/html".to_owned()),
            ..whole.clone()
        };
        assert!(matches!(
            verdict(&page),
            Verdict::Failed(Failure::WrongType(_))
        ));
        let packed = Said {
            content_encoding: Some("gzip".to_owned()),
            ..whole
        };
        assert!(matches!(
            verdict(&packed),
            Verdict::Failed(Failure::WrongType(_))
        ));
    }

    #[test]
    fn a_range_that_is_not_satisfiable_is_no_success() {
        let said = |range: &str| Said {
            status: 416,
            ..rest_of(range)
        };
        for range in ["bytes */100", "bytes */40", "bytes */0", ""] {
            let verdict = judge(&Ask::Rest(40), &part(), &said(range), MAX);
            assert!(
                matches!(verdict, Verdict::StartOver(_)),
                "{range}: {verdict:?}"
            );
        }
        let all = Part {
            total: Some(40),
            ..part()
        };
        let verdict = judge(&Ask::Rest(40), &all, &said("bytes */40"), MAX);
        assert_eq!(verdict, Verdict::Complete);
    }

    #[test]
    fn a_part_that_nobody_asked_for_and_other_answers_are_failures() {
        let verdict = |status, after: Option<&str>| {
            let said = Said {
                status,
                retry_after: after.map(str::to_owned),
                ..Said::default()
            };
            judge(&Ask::Whole, &Part::default(), &said, MAX)
        };
        assert!(matches!(
            verdict(206, None),
            Verdict::Failed(Failure::NotTheRest(_))
        ));
        assert_eq!(verdict(404, None), failed(Failure::Gone(404)));
        assert_eq!(verdict(403, None), failed(Failure::Denied(403)));
        for (text, seconds) in [
            ("7", Some(7.0)),
            ("-1", None),
            ("soon", None),
            ("NaN", None),
        ] {
            let busy = Failure::Status {
                status: 503,
                retry_after_seconds: seconds,
            };
            assert_eq!(verdict(503, Some(text)), failed(busy), "{text}");
        }
    }

    #[test]
    fn a_weak_etag_is_none() {
        assert_eq!(strong(" \"a\" "), Some("\"a\""));
        for weak in ["W/\"a\"", "a", "\"", ""] {
            assert_eq!(strong(weak), None, "{weak}");
        }
    }
}
