//! Addresses of the service that the remote reads from (api/README.md §6.12): captures of its own pages have them.

use std::collections::BTreeMap;

use url::Url;

use super::asked::{Call, Meaning};
use crate::api::endpoints;
use crate::model::{ListKind, SubjectKind};

/// Beginning of the paths of the service's API.
const API: [&str; 2] = ["backend", "project_y"];

/// Returns which call of ours answers the same as an address of the service.
pub(super) fn meaning(url: &Url, parameters: &BTreeMap<String, String>) -> Meaning {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    let Some(rest) = segments.strip_prefix(&API[..]) else {
        return Meaning::Unknown;
    };
    let list = |list: ListKind, subject: &str| match endpoints::of_list(list) {
        Some(entry) => Meaning::Call(Call {
            entry,
            subject: Some(subject.to_owned()),
            cursor: parameters.get("cursor").filter(|it| !it.is_empty()).cloned(),
        }),
        None => Meaning::Unknown,
    };
    match rest {
        ["profile_feed", user, ..] => match parameters.get("cut").map(String::as_str) {
            Some("appearances") => list(ListKind::Appearances, user),
            _ => list(ListKind::Posts, user),
        },
        ["profile", user, "followers"] => list(ListKind::Followers, user),
        ["profile", user, "following"] => list(ListKind::Following, user),
        ["post", post, "remix_feed"] => list(ListKind::Remixes, post),
        ["feed", ..] => of_kind(SubjectKind::Feed, parameters),
        // A post, a tree of comments, a profile: the reply says whose it is.
        _ => Meaning::Unknown,
    }
}

fn of_kind(kind: SubjectKind, parameters: &BTreeMap<String, String>) -> Meaning {
    let found = endpoints::ALL.iter().find(|entry| entry.subject_kind == kind);
    match found {
        Some(entry) => Meaning::Call(Call {
            entry,
            subject: Some(String::new()),
            cursor: parameters.get("cursor").filter(|it| !it.is_empty()).cloned(),
        }),
        None => Meaning::Unknown,
    }
}
