//! An exhaustive crawl without cost limits, which checks that the pages show exactly the truth.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use soracrawl::sim::{Endpoint, Shape, Sim};

use crate::client::{call, items, start, walk};

type Fields = BTreeMap<&'static str, String>;

#[derive(Default)]
struct Archive {
    rows: BTreeMap<&'static str, BTreeMap<String, Fields>>,
    edges: BTreeMap<&'static str, BTreeSet<Vec<String>>>,
}

/// (column, names of its fields in replies)
const USER: &[(&str, &[&str])] = &[
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
];
const POST: &[(&str, &[&str])] = &[
    ("author_user_id", &["shared_by", "posted_by"]),
    ("text", &["text"]),
    ("posted_at", &["posted_at"]),
    ("like_count", &["like_count"]),
    ("view_count", &["view_count"]),
    ("reply_count", &["reply_count"]),
    ("remix_count", &["remix_count"]),
    ("parent_post_id", &["parent_post_id"]),
];

fn text(column: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(it) => u8::from(*it).to_string(),
        Value::String(it) => it.clone(),
        Value::Number(it) if column == "posted_at" => {
            format!("{:.6}", it.as_f64().expect("as the remote writes it"))
        }
        Value::Number(it) => format!("{:.0}", it.as_f64().expect("as the remote writes it")),
        other => panic!("{column} is {other}"),
    }
}

impl Archive {
    fn put(
        &mut self,
        kind: &'static str,
        id: &str,
        columns: &[(&'static str, &[&str])],
        from: &Value,
    ) {
        let row = self
            .rows
            .entry(kind)
            .or_default()
            .entry(id.to_owned())
            .or_default();
        for (column, names) in columns {
            if let Some(value) = names.iter().find_map(|name| from.get(name)) {
                row.insert(column, text(column, value));
            }
        }
    }

    fn set(&mut self, kind: &'static str, id: &str, column: &'static str, value: &str) {
        let row = self
            .rows
            .entry(kind)
            .or_default()
            .entry(id.to_owned())
            .or_default();
        row.insert(column, value.to_owned());
    }

    fn edge(&mut self, kind: &'static str, ends: &[&str]) {
        self.edges
            .entry(kind)
            .or_default()
            .insert(ends.iter().map(|it| (*it).to_owned()).collect());
    }

    /// Collects all objects inside a value, at any depth.
    fn visit(&mut self, value: &Value) {
        match value {
            Value::Array(list) => list.iter().for_each(|it| self.visit(it)),
            Value::Object(object) => {
                self.take(value);
                object.values().for_each(|it| self.visit(it));
            }
            _ => {}
        }
    }

    fn take(&mut self, it: &Value) {
        let field = |name: &str| {
            it.get(name)
                .and_then(Value::as_str)
                .filter(|it| !it.is_empty())
        };
        if let (Some(user), Some(_)) = (field("user_id"), field("username")) {
            self.put("users", user, USER, it);
        }
        if let (Some(post), Some(author)) = (it.pointer("/post/id"), it.pointer("/profile/user_id"))
        {
            let post = post.as_str().expect("as the remote writes it");
            let kind = if post.starts_with("s_") {
                "posts"
            } else {
                "comments"
            };
            self.set(
                kind,
                post,
                "author_user_id",
                author.as_str().expect("as the remote writes it"),
            );
        }
        let Some(id) = field("id").filter(|_| it.get("text").is_some()) else {
            return;
        };
        if !id.starts_with("s_") {
            self.put("comments", id, POST, it);
            if let (Some(parent), Some(root)) = (field("parent_post_id"), field("root_post_id")) {
                self.set("comments", id, "post_id", root);
                let parent = if parent.starts_with("s_") { "" } else { parent };
                self.set("comments", id, "parent_comment_id", parent);
            }
            if let Some(author) = field("posted_by") {
                self.put("users", author, USER, &it["profile"]);
            }
            return;
        }
        self.put("posts", id, POST, it);
        if let Some(parent) = field("parent_post_id") {
            self.edge("remixes", &[id, parent]);
        }
        for person in it
            .get("cameo_profiles")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.edge(
                "appearances",
                &[
                    person["user_id"].as_str().expect("as the remote writes it"),
                    id,
                ],
            );
        }
        for video in it["attachments"]
            .as_array()
            .expect("as the remote writes it")
        {
            let shown = |name: &str| text(name, &video[name]);
            self.edge(
                "attachments",
                &[
                    &shown("id"),
                    id,
                    &shown("generation_id"),
                    &shown("width"),
                    &shown("height"),
                    &shown("url"),
                ],
            );
        }
    }

    async fn take_walk(&mut self, sim: &Sim, endpoint: Endpoint, subject: &str) {
        for page in walk(sim, endpoint, subject).await {
            self.visit(&page);
            for item in items(&page) {
                let id = crate::client::id(&item).expect("as the remote writes it");
                match endpoint {
                    Endpoint::Followers => self.edge("follows", &[&id, subject]),
                    Endpoint::Following => self.edge("follows", &[subject, &id]),
                    Endpoint::Appearances => self.edge("appearances", &[subject, &id]),
                    Endpoint::RemixList => self.edge("remixes", &[&id, subject]),
                    Endpoint::Feed => self.edge("feed_entries", &[&id]),
                    Endpoint::Leaderboard => self.edge("leaderboard_entries", &[&id]),
                    Endpoint::PostComments => {
                        self.set("comments", &id, "post_id", subject);
                        self.set("comments", &id, "parent_comment_id", "");
                    }
                    Endpoint::CommentReplies => {
                        let post = self.rows["comments"][subject]["post_id"].clone();
                        self.set("comments", &id, "post_id", &post);
                        self.set("comments", &id, "parent_comment_id", subject);
                    }
                    _ => {}
                }
            }
        }
    }
}

async fn crawl(sim: &Sim) -> Archive {
    let mut archive = Archive::default();
    archive.take_walk(sim, Endpoint::Feed, "").await;
    archive.take_walk(sim, Endpoint::Leaderboard, "").await;
    for user in sim.world().seed_users() {
        for endpoint in [
            Endpoint::UserPosts,
            Endpoint::Followers,
            Endpoint::Following,
            Endpoint::Appearances,
        ] {
            archive.take_walk(sim, endpoint, &user).await;
        }
        if !archive.rows["users"].contains_key(&user) {
            archive.visit(&call(sim, Endpoint::UserProfile, &user, "").await.data());
        }
    }
    let posts: Vec<String> = archive.rows["posts"].keys().cloned().collect();
    for post in posts {
        archive.take_walk(sim, Endpoint::RemixList, &post).await;
        archive.take_walk(sim, Endpoint::PostComments, &post).await;
    }
    let mut asked = BTreeSet::new();
    loop {
        let comments = archive.rows["comments"].iter();
        let open = comments.filter(|(id, row)| {
            row.get("reply_count").is_none_or(|it| it != "0") && !asked.contains(*id)
        });
        let open: Vec<String> = open.map(|(id, _)| id.clone()).collect();
        if open.is_empty() {
            return archive;
        }
        for comment in open {
            archive
                .take_walk(sim, Endpoint::CommentReplies, &comment)
                .await;
            asked.insert(comment);
        }
    }
}

#[tokio::test]
async fn an_exhaustive_crawl_finds_exactly_the_truth_in_both_shapes() {
    for shape in [Shape::Flat, Shape::Wrapped] {
        let sim = start(shape).await;
        let archive = crawl(&sim).await;
        let pages = sim.account().total.distinct;
        assert!(
            (500..3_000).contains(&pages),
            "{pages} pages in the {shape:?} world"
        );
        for truth in sim.truth() {
            let found: BTreeSet<Vec<String>> = match archive.rows.get(truth.kind) {
                Some(rows) => {
                    let row = |(id, fields): (&String, &Fields)| {
                        let rest = truth.columns[1..].iter();
                        let rest = rest.map(|it| fields.get(it).cloned().expect(it));
                        [id.clone()].into_iter().chain(rest).collect()
                    };
                    rows.iter().map(row).collect()
                }
                None => archive.edges.get(truth.kind).cloned().unwrap_or_default(),
            };
            assert!(truth.rows.len() > 10, "too few {}", truth.kind);
            let lacking: Vec<_> = truth.rows.difference(&found).take(3).collect();
            let beyond: Vec<_> = found.difference(&truth.rows).take(3).collect();
            assert!(
                lacking.is_empty() && beyond.is_empty(),
                "{:?} {}: missing {lacking:?}, extra {beyond:?}",
                shape,
                truth.kind
            );
        }
    }
}
