//! How values are written as text, and what is taken out of them.

use jiff::fmt::temporal::DateTimePrinter;
use serde_json::Value;

use crate::store::read::Cell;

const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(6));

/// Parameters that only signed URLs have: of Azure, Amazon and Google storage.
const SIGNED: [&str; 6] = [
    "sig",
    "se",
    "signature",
    "expires",
    "x-amz-signature",
    "x-goog-signature",
];

/// Returns a time in microseconds; `None` if it is not within the years 0 to 9999.
pub(super) fn micros(seconds: f64) -> Option<i64> {
    let micros = (seconds * 1_000_000.0).round();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    (-62_167_219_200_000_000.0..253_402_300_800_000_000.0)
        .contains(&micros)
        .then_some(micros as i64)
}

/// Returns a time as `2025-10-02T21:30:26.928000Z`; `None` if it is not within the years 0 to 9999.
pub(super) fn iso(seconds: f64) -> Option<String> {
    let time = jiff::Timestamp::from_microsecond(micros(seconds)?).ok()?;
    Some(PRINTER.timestamp_to_string(&time))
}

/// Cuts the query off a signed URL. The link expires in a few days, and until then everybody who has it can use it.
pub(super) fn without_signature(column: &str, cell: &mut Cell) {
    let Cell::Text(text) = cell else { return };
    if (column == "url" || column.ends_with("_url"))
        && let Some(link) = unsigned(text)
    {
        *text = link.to_owned().into();
    }
}

/// Cuts the queries off signed URLs in a list.
pub(super) fn list_without_signatures(cell: &mut Cell) {
    let Cell::Text(text) = cell else { return };
    let Ok(mut list) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let objects = list.as_array_mut().into_iter().flatten();
    for (name, value) in objects.filter_map(Value::as_object_mut).flatten() {
        let link = value
            .as_str()
            .filter(|_| name == "url" || name.ends_with("_url"));
        if let Some(link) = link.and_then(unsigned) {
            *value = link.into();
        }
    }
    *text = list.to_string().into();
}

/// Returns a signed URL without its query; `None` if it is not signed.
fn unsigned(url: &str) -> Option<&str> {
    let (link, query) = url.split_once('?')?;
    let is_signed = query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or(pair);
        SIGNED
            .iter()
            .any(|signed| name.eq_ignore_ascii_case(signed))
    });
    is_signed.then_some(link)
}

#[cfg(test)]
mod tests {
    use super::{Cell, iso, without_signature};

    #[test]
    fn a_time_has_six_decimals_and_is_rounded() {
        assert_eq!(
            iso(1_759_440_626.928).as_deref(),
            Some("2025-10-02T21:30:26.928000Z")
        );
        assert_eq!(
            iso(0.000_000_6).as_deref(),
            Some("1970-01-01T00:00:00.000001Z")
        );
        assert_eq!(iso(-1.5).as_deref(), Some("1969-12-31T23:59:58.500000Z"));
        assert_eq!(iso(1e15), None);
    }

    #[test]
    fn only_signed_urls_lose_their_query() {
        for (column, url, expected) in [
            (
                "url",
                "https://a.example/v.mp4?se=1&sig=x",
                "https://a.example/v.mp4",
            ),
            (
                "thumbnail_url",
                "https://a.example/v?X-Amz-Signature=x",
                "https://a.example/v",
            ),
            (
                "preview_image_url",
                "https://a.example/?postId=s_1",
                "https://a.example/?postId=s_1",
            ),
            (
                "text",
                "https://a.example/v.mp4?sig=x",
                "https://a.example/v.mp4?sig=x",
            ),
        ] {
            let mut cell = Cell::Text(url.into());
            without_signature(column, &mut cell);
            assert_eq!(cell, Cell::Text(expected.into()), "{column}");
        }
    }
}
