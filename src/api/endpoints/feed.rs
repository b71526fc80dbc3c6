//! Lists the feed that the remote shows to anonymous users: the trend of the week. The feed is ranked, so items may
//! repeat or be missing between pages.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{page, post_item};
use crate::model::{Harvest, Items, ListEntry, SubjectKind};

/// `get_feed`.
pub struct Feed;

impl Endpoint for Feed {
    const NAME: &'static str = "get_feed";
    const PATH: &'static str = "/api/v1/sora2/get_feed";
    const PARAMS: &'static [Param] = &[
        CURSOR,
        Param::optional(
            "eager_views",
            "watch history as JSON; the crawl never sends one",
        ),
    ];
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(15),
    };
    const YIELDS: &'static str = "feed_entries, posts, attachments, users, appearances, remixes";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::Post, SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Feed;
    const ITEMS: Items = Items::Posts;
    const FOLLOWED: Followed = Followed::Always("feed");
    const UPSTREAM: &'static str = "feed";
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, position| {
        let id = post_item(gather, item, place, None)?;
        gather.rows.feed.push(ListEntry {
            position,
            id: id.clone(),
        });
        Some(id)
    })
}
