//! One file per endpoint. [`ALL`] is the only complete list of endpoints.

use super::endpoint::{Entry, Order};
use super::json::Json;
use crate::model::ListKind;

/// Registers the endpoints: one line each, ordered by rank among ready jobs. Lookups of names come first, then the most
/// rows per dollar.
macro_rules! endpoints {
    ($($module:ident: $endpoint:ident,)*) => {
        $(
            mod $module;
            pub use $module::$endpoint;
        )*

        /// Every endpoint, ordered by rank.
        pub static ALL: &[Entry] = &[$(Entry::of::<$endpoint>()),*];
    };
}

endpoints! {
    search_users: SearchUsers,
    user_posts: UserPosts,
    user_profile: UserProfile,
    user_followers: UserFollowers,
    user_following: UserFollowing,
    user_cameo_appearances: UserCameoAppearances,
    post_detail: PostDetail,
    post_remix_list: PostRemixList,
    post_comments: PostComments,
    comment_replies: CommentReplies,
    feed: Feed,
    cameo_leaderboard: CameoLeaderboard,
    video_download_info: VideoDownloadInfo,
    upload_image: UploadImage,
    create_video: CreateVideo,
    task_status: TaskStatus,
    task_detail: TaskDetail,
}

/// Returns the endpoint with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
}

/// Returns the endpoint that walks this list.
#[must_use]
pub fn of_list(list: ListKind) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.list() == list)
}

/// Returns the names of the endpoints whose lists have the newest items first.
#[must_use]
pub fn newest_first() -> Vec<&'static str> {
    let ordered = ALL.iter().filter(|entry| entry.order == Order::NewestFirst);
    ordered.map(|entry| entry.name).collect()
}

/// Returns the names of the endpoints for which `entry` discovers subjects.
#[must_use]
pub fn leads_to(entry: &Entry) -> Vec<&'static str> {
    // Only a list can lead to further calls of its own endpoint.
    let found = ALL.iter().filter(|other| {
        entry.finds.contains(&other.subject_kind) && (entry.is_paged() || other.name != entry.name)
    });
    found.map(|other| other.name).collect()
}

/// Returns the endpoint that returns such payloads and no other endpoint does, and the subject.
#[must_use]
pub fn of_shape(data: &Json<'_>) -> Option<(&'static Entry, String)> {
    let mut all = ALL.iter();
    all.find_map(|entry| Some((entry, entry.shape?(data)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::endpoint::{Body, Method};

    #[test]
    fn the_crawl_uses_13_of_the_17_endpoints() {
        assert_eq!(ALL.len(), 17);
        let by_hand = [
            "upload_image",
            "create_video",
            "get_task_status",
            "get_task_detail",
        ];
        for entry in ALL {
            assert_eq!(entry.path, format!("/api/v1/sora2/{}", entry.name));
            assert_eq!(find(entry.name).map(|found| found.path), Some(entry.path));
            let crawled = !by_hand.contains(&entry.name);
            assert_eq!(
                crawled,
                entry.harvest.is_some() && !entry.deprecated,
                "{}",
                entry.name
            );
        }
    }

    #[test]
    fn every_name_in_an_entry_exists() {
        for entry in ALL {
            assert!(
                entry
                    .finds
                    .iter()
                    .all(|kind| ALL.iter().any(|other| other.subject_kind == *kind)),
                "{}",
                entry.name
            );
            let known = |name: &str| entry.params.iter().any(|param| param.name == name);
            assert!(
                entry.one_of.iter().copied().chain(entry.subject).all(known),
                "{}",
                entry.name
            );
            assert_eq!(entry.is_paged(), known("cursor"), "{}", entry.name);
        }
    }

    #[test]
    fn only_creating_endpoints_use_post() {
        for entry in ALL {
            assert_eq!(
                entry.creates,
                entry.method == Method::Post,
                "{}",
                entry.name
            );
            assert_eq!(entry.creates, entry.body != Body::Query, "{}", entry.name);
        }
    }
}
