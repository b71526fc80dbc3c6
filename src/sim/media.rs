//! Videos as the remote returns them: signed URLs in an older and a newer format, and their encodings.

use serde_json::{Value, json};

use super::hash::hash;
use super::links::Links;
use super::world::{Attachment, NOW, World};

/// The shared picture of users without one.
pub(super) const PLACEHOLDER: &str = "/sora/images/profile_placeholder_v4.png";
/// Parts of a path in the newer and in the older format, each with how many times smaller than the video its file is.
const NEW: [(&str, u64); 7] = [
    ("", 1),
    ("/wm", 1),
    ("/drvs/md", 4),
    ("/drvs/ld", 6),
    ("/drvs/thumbnail", 40),
    ("/drvs/link_thumbnail", 40),
    ("/drvs/gif", 10),
];
const OLD: [(&str, u64); 5] = [
    ("00000/src.mp4", 1),
    ("00000_wm/src.mp4", 1),
    ("00000/thumbnail.webp", 40),
    ("00000/md.mp4", 4),
    ("00000/preview.gif", 10),
];

/// Returns the main URL of a video, as the truth contains it.
pub(super) fn url(links: &Links, attachment: &Attachment) -> String {
    if attachment.is_old {
        old(links, attachment, "00000/src.mp4")
    } else {
        new(links, attachment, "/drvs/md")
    }
}

/// Returns the parts of an attachment's paths, each with how many times smaller than the video its file is.
pub(super) fn parts(it: &Attachment) -> &'static [(&'static str, u64)] {
    if it.is_old { &OLD } else { &NEW }
}

/// Returns the path of a part of an attachment.
pub(super) fn path(it: &Attachment, part: &str) -> String {
    let part = part.replace('/', "%2F");
    if it.is_old {
        let task = &it.task_id;
        let file = &it.file_id;
        return format!("/vg-assets/assets%2F{task}%2F{task}_genid_{file}%2Fvideos%2F{part}");
    }
    format!("/az/files/{}{part}%2Fraw", it.file_id)
}

/// Returns the path of a user's picture: an own one for two users in three, a shared placeholder for the others.
pub(super) fn avatar_path(user_id: &str) -> Option<String> {
    let path = || format!("/az/vg-assets/project-y/profile/{user_id}/avatar.webp");
    (!hash(3, &[user_id]).is_multiple_of(3)).then(path)
}

/// Returns the URL of a user's picture.
pub(super) fn avatar(world: &World, user_id: &str) -> String {
    let links = &world.links;
    match avatar_path(user_id) {
        Some(path) => links.signed(&path, 3, 7, links.signed_again(NOW, world.now)),
        None => format!("{}{PLACEHOLDER}", links.pictures()),
    }
}

/// Renders an attachment with all its URLs.
pub(super) fn attachment(links: &Links, it: &Attachment) -> Value {
    let old = |file: &str| old(links, it, file);
    let new = |part: &str| new(links, it, part);
    let mut object = json!({
        "id": it.id, "tags": ["sora"], "kind": "sora", "generation_id": it.generation_id,
        "generation_type": "video_gen", "url": url(links, it), "width": it.width, "height": it.height,
        "prompt": null, "output_blocked": false, "title": null, "source": null,
        "asset_pointer": null, "conversation_id": null,
    });
    if it.is_old {
        object["task_id"] = Value::Null;
        object["downloadable_url"] = json!(old("00000_wm/src.mp4"));
        object["encodings"] = json!({
            "source": {"path": old("00000/src.mp4")},
            "source_wm": {"path": old("00000_wm/src.mp4")},
            "thumbnail": {"path": old("00000/thumbnail.webp")},
            "unfurl": null,
            "md": {"path": old("00000/md.mp4")},
            "gif": {"path": old("00000/preview.gif")},
        });
        return object;
    }
    let seconds = it.frames as f64 / 30.0 + 0.1;
    let size = links.video_bytes(it.frames);
    object["task_id"] = json!(it.task_id);
    object["downloadable_url"] = json!(new("/wm"));
    object["download_urls"] =
        json!({"watermark": new("/wm"), "no_watermark": null, "endcard_watermark": null});
    object["duration_s"] = json!(seconds);
    object["n_frames"] = json!(it.frames);
    object["has_captions"] = json!(false);
    object["can_create_character"] = json!(false);
    object["style"] = Value::Null;
    object["encodings"] = json!({
        "source": {"path": new(""), "size": size, "duration_secs": seconds, "ssim": 0.9965627},
        "source_wm": {"path": new("/wm"), "size": size, "duration_secs": seconds, "ssim": 0.99},
        "endcard_wm": null,
        "thumbnail": {"path": new("/drvs/thumbnail"), "size": null, "ssim": null},
        "unfurl": {"path": new("/drvs/link_thumbnail"), "size": null, "ssim": null},
        "md": {"path": new("/drvs/md"), "size": size / 4, "ssim": 0.9910161},
        "ld": {"path": new("/drvs/ld"), "size": size / 6, "ssim": 0.9900098},
        "gif": {"path": new("/drvs/gif"), "size": null, "ssim": null},
    });
    object
}

/// Returns a URL in the format of 2026: without `st`, and with `ske` later than `se`.
fn new(links: &Links, it: &Attachment, part: &str) -> String {
    links.signed(&path(it, part), 3, 7, it.signed_at)
}

/// Returns a URL in the format of 2025: with the task in the path and a start time `st`.
fn old(links: &Links, it: &Attachment, file: &str) -> String {
    let url = links.signed(&path(it, file), 6, 6, it.signed_at);
    links.with_start(&url, it.signed_at - 3_600)
}
