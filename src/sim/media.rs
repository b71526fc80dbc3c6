//! Videos as the remote returns them: signed URLs in an older and a newer format, and their encodings.

use serde_json::{Value, json};

use super::dates;
use super::hash::hex;
use super::world::Attachment;

const DAY_SECONDS: i64 = 86_400;
const SKOID: &str = "8ffff87a-01f1-47c9-9090-32999d4d6380";
const SKTID: &str = "a48cca56-e6da-484e-a814-9c849652bcb3";

/// Returns the main URL of a video, as the truth contains it.
pub(super) fn url(attachment: &Attachment) -> String {
    if attachment.is_old {
        old(attachment, "00000/src.mp4")
    } else {
        new(attachment, "/drvs/md")
    }
}

/// Renders an attachment with all its URLs.
pub(super) fn attachment(it: &Attachment) -> Value {
    let mut object = json!({
        "id": it.id, "tags": ["sora"], "kind": "sora", "generation_id": it.generation_id,
        "generation_type": "video_gen", "url": url(it), "width": it.width, "height": it.height,
        "prompt": null, "output_blocked": false, "title": null, "source": null,
        "asset_pointer": null, "conversation_id": null,
    });
    if it.is_old {
        object["task_id"] = Value::Null;
        object["downloadable_url"] = json!(old(it, "00000_wm/src.mp4"));
        object["encodings"] = json!({
            "source": {"path": old(it, "00000/src.mp4")},
            "source_wm": {"path": old(it, "00000_wm/src.mp4")},
            "thumbnail": {"path": old(it, "00000/thumbnail.webp")},
            "unfurl": null,
            "md": {"path": old(it, "00000/md.mp4")},
            "gif": {"path": old(it, "00000/preview.gif")},
        });
        return object;
    }
    let seconds = it.frames as f64 / 30.0 + 0.1;
    let size = it.frames * 15_768;
    object["task_id"] = json!(it.task_id);
    object["downloadable_url"] = json!(new(it, "/wm"));
    object["download_urls"] =
        json!({"watermark": new(it, "/wm"), "no_watermark": null, "endcard_watermark": null});
    object["duration_s"] = json!(seconds);
    object["n_frames"] = json!(it.frames);
    object["has_captions"] = json!(false);
    object["can_create_character"] = json!(false);
    object["style"] = Value::Null;
    object["encodings"] = json!({
        "source": {"path": new(it, ""), "size": size, "duration_secs": seconds, "ssim": 0.9965627},
        "source_wm": {"path": new(it, "/wm"), "size": size, "duration_secs": seconds, "ssim": 0.99},
        "endcard_wm": null,
        "thumbnail": {"path": new(it, "/drvs/thumbnail"), "size": null, "ssim": null},
        "unfurl": {"path": new(it, "/drvs/link_thumbnail"), "size": null, "ssim": null},
        "md": {"path": new(it, "/drvs/md"), "size": size / 4, "ssim": 0.9910161},
        "ld": {"path": new(it, "/drvs/ld"), "size": size / 6, "ssim": 0.9900098},
        "gif": {"path": new(it, "/drvs/gif"), "size": null, "ssim": null},
    });
    object
}

/// Returns a URL in the format of 2026: without `st`, and with `ske` later than `se`.
fn new(it: &Attachment, part: &str) -> String {
    let part = part.replace('/', "%2F");
    signed(
        &format!(
            "https://videos.openai.com/az/files/{}{part}%2Fraw",
            it.file_id
        ),
        3,
        7,
        it.signed_at,
    )
}

/// Returns a URL in the format of 2025: with the task in the path and a start time `st`.
fn old(it: &Attachment, file: &str) -> String {
    let (task, file) = (&it.task_id, file.replace('/', "%2F"));
    let path = format!(
        "https://videos.openai.com/vg-assets/assets%2F{task}%2F{task}_genid_{}%2Fvideos%2F{file}",
        it.file_id
    );
    format!(
        "{}&st={}",
        signed(&path, 6, 6, it.signed_at),
        percent(&dates::iso(it.signed_at - 3_600))
    )
}

/// Adds a signature of a time in Unix seconds. The remote's storage would accept it until the earlier of `se` and `ske`.
pub(super) fn signed(path: &str, valid_days: i64, key_days: i64, signed_at: i64) -> String {
    let se = percent(&dates::iso(signed_at + valid_days * DAY_SECONDS));
    let (skt, ske) = (
        percent(&dates::iso(signed_at)),
        percent(&dates::iso(signed_at + key_days * DAY_SECONDS)),
    );
    let sig = hex(7, &[path], 42);
    format!(
        "{path}?se={se}&sp=r&sv=2026-02-06&sr=b&skoid={SKOID}&sktid={SKTID}&skt={skt}&ske={ske}&sks=b\
         &skv=2026-02-06&sig={sig}%3D&ac=oaisdsorprnorthcentralus"
    )
}

fn percent(time: &str) -> String {
    time.replace(':', "%3A")
}
