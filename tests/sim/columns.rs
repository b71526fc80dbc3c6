//! The columns of the truth, and the fields of replies that state them.

use serde_json::Value;

/// (column, names of its fields in replies)
pub const USER: &[(&str, &[&str])] = &[
    ("username", &["username"]),
    ("display_name", &["display_name"]),
    ("description", &["description", "bio"]),
    ("follower_count", &["follower_count"]),
    ("following_count", &["following_count"]),
    ("post_count", &["post_count"]),
    ("cameo_count", &["cameo_count"]),
    (
        "likes_received_count",
        &["likes_received_count", "like_count"],
    ),
    ("verified", &["verified", "is_verified"]),
    ("banned_at", &["banned_at"]),
];
pub const POST: &[(&str, &[&str])] = &[
    ("author_user_id", &["shared_by", "posted_by"]),
    ("text", &["text"]),
    ("posted_at", &["posted_at"]),
    ("like_count", &["like_count"]),
    ("view_count", &["view_count"]),
    ("reply_count", &["reply_count"]),
    ("remix_count", &["remix_count"]),
    ("tombstoned_at", &["tombstoned_at"]),
    ("parent_post_id", &["parent_post_id"]),
];

pub fn text(column: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(it) => u8::from(*it).to_string(),
        Value::String(it) => it.clone(),
        Value::Number(it) if column.ends_with("_at") => {
            format!("{:.6}", it.as_f64().expect("as the remote writes it"))
        }
        Value::Number(it) => format!("{:.0}", it.as_f64().expect("as the remote writes it")),
        other => panic!("{column} is {other}"),
    }
}
