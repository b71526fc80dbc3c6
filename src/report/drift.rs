//! What changed about the shape of the replies, in words. Pure.

use crate::model::PathMark;
use crate::store::read::ChangedPath;

/// Returns a sentence about paths that changed, the newest first; `None` if there are none.
pub(super) fn drift(paths: &[ChangedPath]) -> Option<String> {
    let newest = paths.first()?;
    let counts = PathMark::ALL.into_iter().filter_map(|mark| {
        let mark = mark.as_str();
        let number = paths.iter().filter(|path| path.mark == mark).count();
        (number > 0).then(|| format!("{number} {mark}"))
    });
    Some(format!(
        "paths of the replies changed: {}, such as {} of {} ({})",
        counts.collect::<Vec<_>>().join(", "),
        newest.path,
        newest.endpoint,
        newest.mark
    ))
}

#[cfg(test)]
mod tests {
    use super::drift;
    use crate::store::read::ChangedPath;

    #[test]
    fn a_change_is_a_sentence_with_its_newest_path() {
        let path = |path: &str, mark: &str| ChangedPath {
            endpoint: "get_feed".to_owned(),
            path: path.to_owned(),
            mark: mark.to_owned(),
            marked_at: 1.0,
        };
        assert_eq!(drift(&[]), None);
        let changed = [
            path("data.b", "vanished"),
            path("data.a", "new"),
            path("data.c", "new"),
        ];
        assert_eq!(
            drift(&changed).unwrap(),
            "paths of the replies changed: 2 new, 1 vanished, such as data.b of get_feed (vanished)"
        );
    }
}
