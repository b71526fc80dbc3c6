//! Reads the `Range` header of a request.

use std::ops::Range;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Whole,
    Part(Range<u64>),
    /// A range outside the file.
    Nothing,
}

/// Returns what a `Range` header asks of a file of `size` bytes. A header of another form, or with several ranges, is ignored.
pub(super) fn asked(header: Option<&str>, size: u64) -> Asked {
    let Some((start, end)) = header
        .and_then(|it| it.strip_prefix("bytes="))
        .and_then(|it| it.split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        text => text.parse::<u64>().ok().map(Some),
    };
    let (Some(start), Some(end)) = (number(start), number(end)) else {
        return Asked::Whole;
    };
    let part = match (start, end) {
        (None, None) => return Asked::Whole,
        (None, Some(last)) => size.saturating_sub(last)..size,
        (Some(start), Some(end)) if end < start => return Asked::Whole,
        (Some(start), end) => start..end.map_or(size, |end| end.saturating_add(1).min(size)),
    };
    if part.start >= size || part.is_empty() {
        return Asked::Nothing;
    }
    Asked::Part(part)
}

#[cfg(test)]
mod tests {
    use super::{Asked, asked};

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let of = |header| asked(Some(header), 100);
        assert_eq!(of("bytes=0-"), Asked::Part(0..100));
        assert_eq!(of("bytes=10-19"), Asked::Part(10..20));
        assert_eq!(of("bytes=90-900"), Asked::Part(90..100));
        assert_eq!(of("bytes=-30"), Asked::Part(70..100));
        assert_eq!(of("bytes=-300"), Asked::Part(0..100));
        assert_eq!(of("bytes=100-"), Asked::Nothing);
        assert_eq!(of("bytes=-0"), Asked::Nothing);
        for ignored in [
            "bytes=5-4",
            "bytes=a-b",
            "bytes=-",
            "items=0-5",
            "bytes=0-1,4-5",
        ] {
            assert_eq!(of(ignored), Asked::Whole, "{ignored}");
        }
        assert_eq!(asked(None, 100), Asked::Whole);
    }
}
