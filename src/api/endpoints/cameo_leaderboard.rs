//! Lists the users and characters that are cast most often.

use crate::api::endpoint::{CURSOR, Endpoint, Followed, HarvestFn, Malformed, Paging, Param};
use crate::api::json::Json;
use crate::api::parse::{page, profile_item};
use crate::model::{Harvest, Items, ListEntry, SubjectKind};

/// `get_cameo_leaderboard`.
pub struct CameoLeaderboard;

impl Endpoint for CameoLeaderboard {
    const NAME: &'static str = "get_cameo_leaderboard";
    const PATH: &'static str = "/api/v1/sora2/get_cameo_leaderboard";
    const PARAMS: &'static [Param] = &[CURSOR];
    const PAGING: Paging = Paging::Cursor {
        page_size: Some(10),
    };
    const YIELDS: &'static str = "leaderboard_entries, users";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Leaderboard;
    const ITEMS: Items = Items::Users;
    const FOLLOWED: Followed = Followed::Always("leaderboard");
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

fn harvest(_subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(
        data,
        &["items", "leaderboard"],
        |gather, item, place, position| {
            let id = profile_item(gather, item, place, None)?;
            gather.rows.leaderboard.push(ListEntry {
                position,
                id: id.clone(),
            });
            Some(id)
        },
    )
}
