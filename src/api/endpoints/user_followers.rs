//! Lists the followers of a user, 50 per page.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{edge_end, page, profile_item};
use crate::model::{Follow, Harvest, Items, Left, SubjectKind, Listed};

/// `get_user_followers`.
pub struct UserFollowers;

impl Endpoint for UserFollowers {
    const NAME: &'static str = "get_user_followers";
    const PATH: &'static str = "/api/v1/sora2/get_user_followers";
    const PARAMS: &'static [Param] = &[
        Param::required("user_id", "user id `user-…` or character id `ch_…`"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(50),
    };
    const YIELDS: &'static str = "follows, users";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::User;
    const ITEMS: Items = Items::Users;
    const LEFT: Left = Left::Count("follower_count");
    const LISTED: Option<Listed> = Some(Listed::FollowersOfUser);
    const FOLLOWED: Followed = Followed::If("followers");
    const UPSTREAM: &'static str = "profile/{}/followers";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, _| {
        let user_id = profile_item(gather, item, place, None)?;
        if let Some(subject) = edge_end(gather, subject) {
            gather.rows.follows.push(Follow {
                follower: user_id.clone(),
                followed: subject.to_owned(),
            });
        }
        Some(user_id)
    })
}
