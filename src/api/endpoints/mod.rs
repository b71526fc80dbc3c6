//! One file per endpoint. [`ALL`] is the only complete list of endpoints.

mod cameo_leaderboard;
mod comment_replies;
mod create_video;
mod feed;
mod post_comments;
mod post_detail;
mod post_remix_list;
mod search_users;
mod task_detail;
mod task_status;
mod upload_image;
mod user_cameo_appearances;
mod user_followers;
mod user_following;
mod user_posts;
mod user_profile;
mod video_download_info;

pub use cameo_leaderboard::CameoLeaderboard;
pub use comment_replies::CommentReplies;
pub use create_video::CreateVideo;
pub use feed::Feed;
pub use post_comments::PostComments;
pub use post_detail::PostDetail;
pub use post_remix_list::PostRemixList;
pub use search_users::SearchUsers;
pub use task_detail::TaskDetail;
pub use task_status::TaskStatus;
pub use upload_image::UploadImage;
pub use user_cameo_appearances::UserCameoAppearances;
pub use user_followers::UserFollowers;
pub use user_following::UserFollowing;
pub use user_posts::UserPosts;
pub use user_profile::UserProfile;
pub use video_download_info::VideoDownloadInfo;

use super::endpoint::Entry;

/// Every endpoint, ordered by rank.
pub static ALL: &[Entry] = &[
    Entry::of::<SearchUsers>(),
    Entry::of::<UserPosts>(),
    Entry::of::<UserProfile>(),
    Entry::of::<UserFollowers>(),
    Entry::of::<UserFollowing>(),
    Entry::of::<UserCameoAppearances>(),
    Entry::of::<PostDetail>(),
    Entry::of::<PostRemixList>(),
    Entry::of::<PostComments>(),
    Entry::of::<CommentReplies>(),
    Entry::of::<Feed>(),
    Entry::of::<CameoLeaderboard>(),
    Entry::of::<VideoDownloadInfo>(),
    Entry::of::<UploadImage>(),
    Entry::of::<CreateVideo>(),
    Entry::of::<TaskStatus>(),
    Entry::of::<TaskDetail>(),
];

/// Returns the endpoint with this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().find(|entry| entry.name == name)
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
    fn the_rank_is_the_position_in_the_list() {
        assert!(
            ALL.iter()
                .enumerate()
                .all(|(place, entry)| usize::from(entry.rank) == place)
        );
    }

    #[test]
    fn every_name_in_an_entry_exists() {
        for entry in ALL {
            assert!(
                entry.leads_to.iter().all(|name| find(name).is_some()),
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
