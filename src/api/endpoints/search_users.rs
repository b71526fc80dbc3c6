//! Searches users by name, which maps a name to an id. The reply has one page.

use crate::api::endpoint::{Endpoint, Followed, HarvestFn, Malformed, Param, ShapeFn};
use crate::api::json::Json;
use crate::api::parse::{Fields, is_id, page, profile_item, user_in_mention};
use crate::model::{Harvest, Items, SearchEntry, SubjectKind};

/// `search_users`.
pub struct SearchUsers;

impl Endpoint for SearchUsers {
    const NAME: &'static str = "search_users";
    const PATH: &'static str = "/api/v1/sora2/search_users";
    const PARAMS: &'static [Param] = &[Param::required("username", "user name or a part of it")];
    const SUBJECT: Option<&'static str> = Some("username");
    const YIELDS: &'static str = "users, search_results";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::Search;
    const ITEMS: Items = Items::Users;
    const FOLLOWED: Followed = Followed::Always("searches");
    const UPSTREAM: &'static str = "profile/search_mentions?username={}";
    const SHAPE: Option<ShapeFn> = Some(shape);
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

/// A list in which every item has a profile and a token. The reply does not say what was searched for.
fn shape(data: &Json<'_>) -> Option<String> {
    let Some(Json::Array(items)) = data.get("items") else {
        return None;
    };
    let is_hit = |item: &Json<'_>| item.has("token") && item.has("profile");
    (!items.is_empty() && items.iter().all(is_hit)).then(String::new)
}


fn harvest(_name: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    page(data, &["items"], |gather, item, place, position| {
        let token = match item {
            Json::Object(_) => Fields::new(item, place, gather.odds)?.text("token"),
            _ => None,
        };
        let mentioned = token
            .as_deref()
            .and_then(user_in_mention)
            .filter(|id| is_id(id));
        let user_id = profile_item(gather, item, place, mentioned)?;
        gather.rows.search.push(SearchEntry {
            position,
            user_id: user_id.clone(),
            token,
        });
        Some(user_id)
    })
}
