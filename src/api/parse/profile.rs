//! Users and characters. Fields have the names of upstream or of the vendor's documentation.

use super::fields::Fields;
use super::gather::Gather;
use super::place::Place;
use crate::api::json::Json;
use crate::model::{Counts, User};

/// Reads a profile and returns its user's id. `known_id` is the id from the context, for a profile without one.
pub fn profile(
    gather: &mut Gather<'_>,
    json: &Json<'_>,
    place: &Place<'_>,
    known_id: Option<&str>,
) -> Option<String> {
    gather.deeper(place, |gather| {
        let fields = Fields::new(json, place, gather.odds)?;
        let owner_user_id = person(gather, &fields, "owner_profile", None);
        if fields.is_erased() {
            return None;
        }
        let user_id = fields.needed_id("user_id", known_id)?;
        let user = User {
            user_id: user_id.clone(),
            owner_user_id,
            ..described(&fields)
        };
        gather.rows.users.push(user);
        Some(user_id)
    })
}

/// Reads the profile under a key, if present.
pub fn person(
    gather: &mut Gather<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    known_id: Option<&str>,
) -> Option<String> {
    let json = fields.get(key)?;
    profile(gather, json, &fields.place.key(key), known_id)
}

/// Reads an item of a user list: `{profile}` or the profile itself.
pub fn profile_item(
    gather: &mut Gather<'_>,
    item: &Json<'_>,
    place: &Place<'_>,
    known_id: Option<&str>,
) -> Option<String> {
    match item.get("profile") {
        Some(inner @ Json::Object(_)) => {
            let beside = Fields::new(item, place, gather.odds)?.id("user_id");
            profile(
                gather,
                inner,
                &place.key("profile"),
                beside.as_deref().or(known_id),
            )
        }
        _ => profile(gather, item, place, known_id),
    }
}

fn described(fields: &Fields<'_>) -> User {
    let count = |column| (column, fields.count(column));
    let likes = fields.first_of(&["likes_received_count", "like_count"]);
    User {
        user_id: String::new(),
        username: fields.text("username"),
        display_name: fields.text("display_name"),
        description: fields.text(fields.first_of(&["description", "bio"])),
        profile_picture_url: fields.url(fields.first_of(&["profile_picture_url", "avatar"])),
        cover_photo_url: fields.url(fields.first_of(&["cover_photo_url", "banner_image_url"])),
        permalink: fields.url("permalink"),
        location: fields.text("location"),
        website: fields.text("website"),
        plan_type: fields.text("plan_type"),
        verified: fields.flag(fields.first_of(&["verified", "is_verified"])),
        can_cameo: fields.flag("can_cameo"),
        is_public_figure: fields.flag("is_public_figure"),
        owner_user_id: None,
        created_at: fields.time("created_at"),
        updated_at: fields.time("updated_at"),
        banned_at: fields.time("banned_at"),
        counts: Counts::of([
            count("follower_count"),
            count("following_count"),
            count("post_count"),
            count("cameo_count"),
            ("likes_received_count", fields.count(likes)),
            count("view_count"),
            count("reply_count"),
            count("remix_count"),
            count("character_count"),
        ]),
    }
}
