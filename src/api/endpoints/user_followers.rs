//! Who follows a user, 50 to a page.

use crate::api::endpoint::{CURSOR, Endpoint, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `get_user_followers`.
pub struct UserFollowers;

impl Endpoint for UserFollowers {
    const NAME: &'static str = "get_user_followers";
    const PATH: &'static str = "/api/v1/sora2/get_user_followers";
    const PARAMS: &'static [Param] = &[
        Param::required("user_id", "the user, `user-…` (or a character, `ch_…`)"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(50),
    };
    const YIELDS: &'static str = "follows, users";
    const LEADS_TO: &'static [&'static str] = &[
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 3;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
