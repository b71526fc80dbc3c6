//! A post's video links in the vendor's own short form; `get_post_detail` has all of it at the same price.

use crate::api::endpoint::{Endpoint, HarvestFn, Malformed, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `get_video_download_info`.
pub struct VideoDownloadInfo;

impl Endpoint for VideoDownloadInfo {
    const NAME: &'static str = "get_video_download_info";
    const PATH: &'static str = "/api/v1/sora2/get_video_download_info";
    const PARAMS: &'static [Param] = &[
        Param::optional("post_id", "the post, `s_…`"),
        Param::optional(
            "post_url",
            "or its address, `https://sora.chatgpt.com/p/s_…`",
        ),
    ];
    const ONE_OF: &'static [&'static str] = &["post_id", "post_url"];
    const SUBJECT: Option<&'static str> = Some("post_id");
    const YIELDS: &'static str = "posts, attachments, users";
    const LEADS_TO: &'static [&'static str] = &[
        super::PostDetail::NAME,
        super::PostComments::NAME,
        super::PostRemixList::NAME,
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 12;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
