//! Lists the users that a user follows, 50 per page.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{edge_end, page, profile_item};
use crate::model::{Follow, Harvest, Items, Left, SubjectKind, Listed};

/// `get_user_following`.
pub struct UserFollowing;

impl Endpoint for UserFollowing {
    const NAME: &'static str = "get_user_following";
    const PATH: &'static str = "/api/v1/sora2/get_user_following";
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
    const LEFT: Left = Left::Count("following_count");
    const LISTED: Option<Listed> = Some(Listed::FollowedByUser);
    const FOLLOWED: Followed = Followed::If("following");
    const UPSTREAM: &'static str = "profile/{}/following";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, _| {
        let user_id = profile_item(gather, item, place, None)?;
        if let Some(subject) = edge_end(gather, subject) {
            gather.rows.follows.push(Follow {
                follower: subject.to_owned(),
                followed: user_id.clone(),
            });
        }
        Some(user_id)
    })
}
