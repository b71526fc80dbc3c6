//! Returns a user's profile. Only this endpoint returns all metrics of a user.

use crate::api::endpoint::{Endpoint, Followed, HarvestFn, Malformed, Param, ShapeFn};
use crate::api::json::Json;
use crate::api::parse::{Place, gather, is_id, profile_item};
use crate::model::{Harvest, Left, Odd, SubjectKind, is_erased};

/// `get_user_profile`.
pub struct UserProfile;

impl Endpoint for UserProfile {
    const NAME: &'static str = "get_user_profile";
    const PATH: &'static str = "/api/v1/sora2/get_user_profile";
    const PARAMS: &'static [Param] = &[Param::required(
        "user_id",
        "user id `user-…` or character id `ch_…`",
    )];
    const SUBJECT: Option<&'static str> = Some("user_id");
    const YIELDS: &'static str = "users";
    const FINDS: &'static [SubjectKind] = &[SubjectKind::User];
    const SUBJECT_KIND: SubjectKind = SubjectKind::User;
    const LEFT: Left = Left::Described("post_count");
    const FOLLOWED: Followed = Followed::If("profiles");
    const UPSTREAM: &'static str = "profile/{}";
    const SHAPE: Option<ShapeFn> = Some(shape);
    const HARVEST: Option<HarvestFn> = Some(harvest);
}

/// A profile, wrapped or flat.
fn shape(data: &Json<'_>) -> Option<String> {
    let profile = data.get("profile").unwrap_or(data);
    let is_profile = ["username", "display_name", "follower_count"]
        .iter()
        .any(|key| profile.has(key));
    let has_more = ["post", "items", "token", "video"]
        .iter()
        .any(|key| data.has(key));
    match profile.get("user_id") {
        Some(Json::Text(id)) if is_profile && !has_more => Some(id.to_string()),
        _ => None,
    }
}


fn harvest(subject: &str, data: &Json<'_>) -> Result<Harvest, Malformed> {
    let object = data.get("profile").unwrap_or(data);
    if !["user_id", "username", "display_name"]
        .iter()
        .any(|key| object.get(key).is_some())
    {
        return Err(Malformed::new("data.profile", "no profile"));
    }
    gather(|gather| {
        let known_id = (is_id(subject) && !is_erased(subject)).then_some(subject);
        let user_id = profile_item(gather, data, &Place::DATA, known_id)
            .ok_or_else(|| Malformed::new("data.profile.user_id", "no usable id"))?;
        if known_id.is_some_and(|known| known != user_id) {
            gather.odds.note(Place::DATA, format_args!("{} user", Odd::OTHER));
        }
        gather.rows.items.push(user_id);
        Ok(())
    })
}
