//! The four operations of video generation: upload, create, poll, fetch. Their results are not part of the truth.

use axum::extract::{FromRequest, Multipart, Request};
use serde_json::{Value, json};

use super::account::PageKey;
use super::dates;
use super::hash::hex;
use super::links::Links;
use super::media;
use super::orders::Task;
use super::reply::Reply;
use super::state::Shared;
use super::world::{Attachment, NOW};

const MOST_IMAGE_BYTES: usize = 10 << 20;
const MOST_PROMPT_CHARS: usize = 2_000;
/// The number of the poll that reports success; the polls before it report `queued` and `processing`.
const POLLS_UNTIL_DONE: u32 = 3;

fn good(shared: &Shared, key: &PageKey, data: Value) -> Reply {
    Reply::ok(shared.envelope(&shared.world, key, data))
}

fn bad(key: &PageKey, message: &str) -> Reply {
    Reply::detail(400, key.0, &key.1, message)
}

pub(super) async fn upload(shared: &Shared, key: &PageKey, request: Request) -> Reply {
    let Ok(mut form) = Multipart::from_request(request, &()).await else {
        return Reply::missing("body", "file");
    };
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() != Some("file") {
            continue;
        }
        let filename = field.file_name().unwrap_or("").to_owned();
        let Ok(bytes) = field.bytes().await else {
            return bad(key, "The upload is incomplete.");
        };
        return stored(shared, key, &filename, &bytes);
    }
    Reply::missing("body", "file")
}

fn stored(shared: &Shared, key: &PageKey, filename: &str, bytes: &[u8]) -> Reply {
    let extension = filename.rsplit('.').next().unwrap_or("").to_lowercase();
    let is_png = bytes.starts_with(b"\x89PNG\r\n\x1a\n");
    let is_jpeg = bytes.starts_with(b"\xff\xd8\xff");
    let is_image = match extension.as_str() {
        "png" => is_png,
        "jpg" | "jpeg" => is_jpeg,
        _ => false,
    };
    if !is_image {
        return bad(
            key,
            "Unsupported file format. Supported formats: PNG, JPG, JPEG.",
        );
    }
    if bytes.len() > MOST_IMAGE_BYTES {
        return bad(key, "The file is larger than 10MB.");
    }
    // The first chunk of a PNG contains its size. Other formats get a fixed size.
    let number = |at: usize| {
        bytes
            .get(at..at + 4)
            .filter(|_| is_png)
            .map_or(460, |four| {
                four.iter()
                    .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
            })
    };
    let id = {
        let mut creation = shared.creation();
        let id = creation.new_id("media");
        creation.media.insert(id.clone());
        id
    };
    let path = "/vg-assets/assets%2Fclient_upload%2Fmedia";
    let url = Links::default().signed(&format!("{path}%2F{id}.{extension}"), 1, 1, NOW);
    good(
        shared,
        key,
        json!({
            "id": id, "type": "image", "created_at": dates::iso(NOW), "filename": filename,
            "extension": extension, "mime_type": if is_png { "image/png" } else { "image/jpeg" },
            "url": url, "width": number(16), "height": number(20), "duration_sec": null,
            "n_frames": 1, "size_bytes": bytes.len(), "thumbnail_url": url,
        }),
    )
}

pub(super) async fn create(shared: &Shared, key: &PageKey, request: Request) -> Reply {
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap_or_default();
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("");
    let prompt = text("prompt");
    if prompt.is_empty() {
        return Reply::missing("body", "prompt");
    }
    if prompt.chars().count() > MOST_PROMPT_CHARS {
        let message = "String should have at most 2000 characters";
        return Reply::invalid("body", "prompt", message, "string_too_long");
    }
    let is_landscape = match text("orientation") {
        "" | "portrait" => false,
        "landscape" => true,
        _ => {
            let message = "String should match pattern '^(portrait|landscape)$'";
            return Reply::invalid("body", "orientation", message, "string_pattern_mismatch");
        }
    };
    let mut creation = shared.creation();
    let media_id = text("media_id");
    if !media_id.is_empty() && !creation.media.contains(media_id) {
        return bad(key, "The media_id is unknown or has expired.");
    }
    let id = creation.new_id("task");
    creation.tasks.insert(
        id.clone(),
        Task {
            prompt: prompt.to_owned(),
            is_landscape,
            polls: 0,
        },
    );
    drop(creation);
    good(shared, key, json!({"id": id, "priority": 1}))
}

/// Answers a poll, and advances the task by one state.
pub(super) fn status(shared: &Shared, key: &PageKey) -> Reply {
    let mut creation = shared.creation();
    let Some((id, task)) = creation.task(&key.1) else {
        return Reply::detail(404, key.0, &key.1, "Not Found");
    };
    task.polls += 1;
    let (status, progress) = match task.polls {
        1 => ("queued", 0.0),
        n if n < POLLS_UNTIL_DONE => ("processing", 0.45),
        _ => ("succeeded", 1.0),
    };
    let mut data = json!({
        "id": id, "status": status, "prompt": task.prompt, "title": null,
        "progress_pct": progress, "generations": [],
    });
    if status == "succeeded" {
        let shown = media::attachment(&Links::default(), &video(&id, task));
        data["generations"] = json!([{
            "id": shown["generation_id"], "kind": "sora_draft", "url": shown["url"],
            "downloadable_url": shown["downloadable_url"], "width": shown["width"],
            "height": shown["height"], "created_at": NOW, "prompt": task.prompt,
            "encodings": shown["encodings"],
        }]);
    }
    drop(creation);
    good(shared, key, data)
}

pub(super) fn detail(shared: &Shared, key: &PageKey) -> Reply {
    let mut creation = shared.creation();
    let Some((id, task)) = creation.task(&key.1) else {
        return Reply::detail(404, key.0, &key.1, "Not Found");
    };
    if task.polls < POLLS_UNTIL_DONE {
        return bad(key, "The task is not completed.");
    }
    let post_id = format!("s_{}", hex(31, &[&id], 32));
    let data = json!({"post": {
        "id": post_id, "posted_to_public": false, "posted_at": NOW as f64 + 0.252443,
        "updated_at": NOW as f64 + 9.655776, "like_count": 0, "recursive_reply_count": 0,
        "reply_count": 0, "view_count": 0, "unique_view_count": 0, "remix_count": 0,
        "user_liked": false, "source": "sy", "text": task.prompt, "caption": null,
        "cover_photo_url": null, "attachments": [media::attachment(&Links::default(), &video(&id, task))],
        "parent_post_id": null, "root_post_id": null, "parent_path": null, "tombstoned_at": null,
        "permalink": format!("https://sora.chatgpt.com/p/{post_id}"), "text_facets": [],
        "cameo_profiles": null, "remix_posts": {"items": [], "cursor": null},
        "ancestors": {"items": [], "cursor": null}, "parent_post": null, "emoji": "🐱‍💻",
    }});
    drop(creation);
    good(shared, key, data)
}

/// Returns the video of a task.
fn video(task_id: &str, task: &Task) -> Attachment {
    let (width, height) = if task.is_landscape {
        (640, 352)
    } else {
        (352, 640)
    };
    Attachment {
        id: format!("{task_id}-attachment-0"),
        generation_id: task_id.replacen("task_", "gen_", 1),
        task_id: task_id.to_owned(),
        file_id: hex(37, &[task_id], 32),
        width,
        height,
        frames: 300,
        is_old: true,
        signed_at: NOW,
    }
}
