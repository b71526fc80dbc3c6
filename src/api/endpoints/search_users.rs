//! Who has a name like this: the way from a name to an id. The reply is not paged.

use crate::api::endpoint::{Endpoint, HarvestFn, Malformed, Param};
use crate::api::json::Json;
use crate::model::Harvest;

/// `search_users`.
pub struct SearchUsers;

impl Endpoint for SearchUsers {
    const NAME: &'static str = "search_users";
    const PATH: &'static str = "/api/v1/sora2/search_users";
    const PARAMS: &'static [Param] = &[Param::required("username", "part of a name")];
    const SUBJECT: Option<&'static str> = Some("username");
    const YIELDS: &'static str = "users, search_results";
    const LEADS_TO: &'static [&'static str] = &[
        super::UserProfile::NAME,
        super::UserPosts::NAME,
        super::UserFollowers::NAME,
        super::UserFollowing::NAME,
        super::UserCameoAppearances::NAME,
    ];
    const RANK: u8 = 0;
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, _data: &Json<'_>) -> Result<Harvest, Malformed> {
    Err(Malformed::new("data", "not read yet"))
}
