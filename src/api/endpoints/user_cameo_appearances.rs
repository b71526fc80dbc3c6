//! Lists the posts of other users in which a user or character is cast.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{edge_end, page, post_item};
use crate::model::{Appearance, Harvest, Items, Left, SubjectKind, Listed};

/// `get_user_cameo_appearances`.
pub struct UserCameoAppearances;

impl Endpoint for UserCameoAppearances {
    const NAME: &'static str = "get_user_cameo_appearances";
    const PATH: &'static str = "/api/v1/sora2/get_user_cameo_appearances";
    const PARAMS: &'static [Param] = &[
        Param::required("user_id", "user id `user-…` or character id `ch_…`"),
        CURSOR,
    ];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(30),
    };
    const YIELDS: &'static str = "appearances, posts, attachments, users, remixes";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::User;
    const ITEMS: Items = Items::Posts;
    const LEFT: Left = Left::Count("cameo_count");
    const LISTED: Option<Listed> = Some(Listed::AppearancesOfUser);
    const FOLLOWED: Followed = Followed::If("appearances");
    const UPSTREAM: &'static str = "profile_feed/{}?cut=appearances";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, _| {
        let post_id = post_item(gather, item, place, None)?;
        if let Some(subject) = edge_end(gather, subject) {
            let (user_id, post_id) = (subject.to_owned(), post_id.clone());
            gather
                .rows
                .appearances
                .push(Appearance { user_id, post_id });
        }
        Some(post_id)
    })
}
