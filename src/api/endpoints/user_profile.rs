//! A user's own page: the only place with all of his numbers.

use crate::api::endpoint::{Endpoint, HarvestFn, Malformed, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `get_user_profile`.
pub struct UserProfile;

impl Endpoint for UserProfile {
    const NAME: &'static str = "get_user_profile";
    const PATH: &'static str = "/api/v1/sora2/get_user_profile";
    const PARAMS: &'static [Param] = &[Param::required(
        "user_id",
        "the user, `user-…` (or a character, `ch_…`)",
    )];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const YIELDS: &'static str = "users";
    const LEADS_TO: &'static [&'static str] = &[
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 2;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
