//! Lists a user's posts, newest first: 30 complete posts for the price of one.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Order, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{is_id, own_post_item, page};
use crate::model::{Harvest, Items, Left, SubjectKind, Listed, is_erased};

/// `get_user_posts`.
pub struct UserPosts;

impl Endpoint for UserPosts {
    const NAME: &'static str = "get_user_posts";
    const PATH: &'static str = "/api/v1/sora2/get_user_posts";
    const PARAMS: &'static [Param] = &[
        Param::required("user_id", "user id `user-…` or character id `ch_…`"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(30),
    };
    // The upstream cursor is a time, `sv2_created_at` (samples/cursors.json).
    const ORDER: Order = Order::NewestFirst;
    const YIELDS: &'static str = "posts, attachments, users, appearances, remixes";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::User;
    const ITEMS: Items = Items::OwnPosts;
    const LEFT: Left = Left::Count("post_count");
    const LISTED: Option<Listed> = Some(Listed::PostsOfUser);
    const FOLLOWED: Followed = Followed::If("posts");
    const UPSTREAM: &'static str = "profile_feed/{}";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(user_id: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    // A character appears in posts but publishes none.
    let author = Some(user_id).filter(|id| is_id(id) && !is_erased(id) && !id.starts_with("ch_"));
    page(data, &["items"], |gather, item, place, _| {
        own_post_item(gather, item, place, author)
    })
}
