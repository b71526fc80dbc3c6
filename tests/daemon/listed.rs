//! A remote with one list of posts that changes between two passes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::{Json, Router};

use crate::support::Place;

/// A list of posts that changes between two passes, newest first. Its cursor is the number of the last post before the page.
#[derive(Debug, Clone, Default)]
pub struct List {
    pub newest: u32,
    pub pinned: Option<u32>,
    pub deleted: Vec<u32>,
    pub is_reordered: bool,
    /// The pinned post comes alone on the first page.
    pub is_pin_alone: bool,
    /// Number of times that all cursors have expired.
    pub era: u32,
    /// What a request with an expired cursor gets.
    pub expired: Expired,
    /// Posts that come alone on the first page.
    pub pinned_page: Vec<u32>,
    /// The first page says that it is all.
    pub is_cut: bool,
    /// The number of posts that the author's profile states.
    pub count: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub enum Expired {
    #[default]
    Refusal,
    /// A page without items and without a cursor.
    EmptyPage,
    /// The vendor's 404, which says that the user does not exist.
    NotFound,
}

pub const USER: &str = "user-0123456789";
pub const LISTED: u32 = 40;
pub const LISTED_PAGE: usize = 8;

impl List {
    /// Returns the numbers of the posts of a page, and whether there are more.
    fn page(&self, after: Option<u32>) -> (Vec<u32>, bool) {
        let below = after.unwrap_or(self.newest + 1);
        let is_shown = |post: &u32| !self.deleted.contains(post) && self.pinned != Some(*post);
        if after.is_none() && !self.pinned_page.is_empty() {
            return (self.pinned_page.clone(), true);
        }
        let mut posts: Vec<u32> = (1..below).rev().filter(is_shown).collect();
        if after.is_none() {
            if self.is_reordered {
                posts.swap(0, 2);
            }
            posts.splice(0..0, self.pinned);
        }
        let size = match after {
            None if self.is_pin_alone => 1,
            _ => LISTED_PAGE,
        };
        let has_more = posts.len() > size;
        posts.truncate(size);
        (posts, has_more && !self.is_cut)
    }

    /// Returns the status and the body of an answer.
    fn answer(&self, cursor: Option<&String>) -> (StatusCode, serde_json::Value) {
        let Some(cursor) = cursor else {
            return (StatusCode::OK, self.reply(None));
        };
        let parts: Vec<u32> = cursor
            .split('-')
            .filter_map(|part| part.parse().ok())
            .collect();
        let [after, era] = parts[..] else {
            panic!("no cursor of the list: {cursor}");
        };
        match self.expired {
            _ if era == self.era => (StatusCode::OK, self.reply(Some(after))),
            Expired::Refusal => {
                let error = serde_json::json!({"type": "value_error", "loc": ["query", "cursor"],
                    "msg": "Value error, cursor has expired", "input": cursor});
                (
                    StatusCode::UNPROCESSABLE_ENTITY,
                    serde_json::json!({"detail": [error]}),
                )
            }
            Expired::NotFound => {
                let error =
                    serde_json::json!({"detail": {"code": 404, "message": "User not found"}});
                (StatusCode::NOT_FOUND, error)
            }
            Expired::EmptyPage => {
                let empty = serde_json::json!({"items": [], "has_more": false, "cursor": null});
                (
                    StatusCode::OK,
                    serde_json::json!({"code": 200, "data": empty}),
                )
            }
        }
    }

    fn reply(&self, after: Option<u32>) -> serde_json::Value {
        let (posts, has_more) = self.page(after);
        let is_listed =
            |post: &&u32| self.pinned != Some(**post) && !self.pinned_page.contains(*post);
        let cursor = posts.iter().filter(is_listed).min();
        let cursor = cursor.copied().unwrap_or(self.newest + 1);
        let profile =
            serde_json::json!({"user_id": USER, "username": "one", "post_count": self.count});
        let items = posts.iter().map(|post| {
            serde_json::json!({"post": {"id": format!("s_{post:032x}"), "text": "t", "like_count": 1, "posted_at": 1.7e9 + f64::from(*post)}, "profile": profile})
        });
        let items: Vec<_> = items.collect();
        serde_json::json!({"code": 200, "data": {
            "items": items, "has_more": has_more,
            "cursor": has_more.then(|| format!("before-{cursor}-{}", self.era)),
        }})
    }
}

/// Returns a place whose remote serves such a list, and the list.
pub async fn listed() -> (Place, Arc<Mutex<List>>) {
    let list = Arc::new(Mutex::new(List {
        newest: LISTED,
        ..List::default()
    }));
    let give = |State(list): State<Arc<Mutex<List>>>,
                Query(query): Query<HashMap<String, String>>| async move {
        let (status, body) = list.lock().expect("a list").answer(query.get("cursor"));
        (status, Json(body))
    };
    let router = Router::new()
        .route("/api/v1/sora2/get_user_posts", axum::routing::get(give))
        .with_state(list.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut place = Place::new(&format!("http://{address}"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    place
        .only(&["posts"])
        .set("seeds.users", &format!("[{USER:?}]"));
    (place, list)
}

/// Lets the first walk begin at its head again.
pub async fn again(site: &Place) {
    let command = ["jobs", "requeue", "--id", "1", "--from-head"];
    site.run(&command).await.with(0);
}

/// Returns the pages that the walk has bought, and how it ended.
pub async fn bought(site: &Place) -> (i64, String) {
    let kept = "select count(*) from calls where endpoint = 'get_user_posts' and kept = 1";
    let end = "select stop_reason || ' ' || coalesce(note, '') from jobs where endpoint = 'get_user_posts'";
    (site.number(kept).await, site.texts(end).await.remove(0))
}

pub async fn archived(site: &Place) -> i64 {
    site.number("select count(*) from posts").await
}

/// Changes the list, and walks it again from its head.
pub async fn look_again(place: &mut Place, list: &Mutex<List>, apply: impl FnOnce(&mut List)) {
    apply(&mut list.lock().expect("a list"));
    again(place).await;
    place.unset("crawl.max_pages.posts");
    place.crawl().await.with(0);
}
