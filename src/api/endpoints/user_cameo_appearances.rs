//! In which posts of others a user (or character) is cast.

use crate::api::endpoint::{CURSOR, Endpoint, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `get_user_cameo_appearances`.
pub struct UserCameoAppearances;

impl Endpoint for UserCameoAppearances {
    const NAME: &'static str = "get_user_cameo_appearances";
    const PATH: &'static str = "/api/v1/sora2/get_user_cameo_appearances";
    const PARAMS: &'static [Param] = &[
        Param::required("user_id", "the user, `user-…` (or a character, `ch_…`)"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(30),
    };
    const YIELDS: &'static str = "appearances, posts, attachments, users, remixes";
    const LEADS_TO: &'static [&'static str] = &[
        super::PostDetail::NAME,
        super::PostComments::NAME,
        super::PostRemixList::NAME,
        super::VideoDownloadInfo::NAME,
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 5;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
