//! The readers state every counted column of the archive, and no other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use soracrawl::model::Counts;
use soracrawl::store::archive::Kind;
use soracrawl::store::archive::schema::tables;

use crate::read;

fn counted(table: &str) -> BTreeSet<&'static str> {
    let table = tables().iter().find(|known| known.name == table);
    let columns = table.expect("a table").columns.iter();
    let counted = columns.filter(|column| column.kind == Kind::Count);
    counted.map(|column| column.name).collect()
}

/// An object that has each column as a field of the same name.
fn object(id: &str, value: &str, columns: &BTreeSet<&str>) -> Value {
    let fields = columns
        .iter()
        .map(|column| ((*column).to_owned(), json!(7)));
    let id = [(id.to_owned(), json!(value))];
    Value::Object(fields.chain(id).collect::<Map<_, _>>())
}

fn stated(counts: &Counts) -> BTreeSet<&'static str> {
    let columns = counts.columns();
    columns
        .filter(|column| counts.get(column) == Some(7))
        .collect()
}

#[test]
fn every_counted_column_of_the_schema_is_read() {
    let users = counted("users");
    let page = read(
        "get_user_profile",
        "user-1",
        &object("user_id", "user-1", &users),
    );
    assert_eq!(stated(&page.users[0].counts), users);
    let posts = counted("posts");
    let post = json!({"post": object("id", "s_1", &posts)});
    let page = read("get_post_detail", "s_1", &post);
    assert_eq!(stated(&page.posts[0].counts), posts);
    let comments = counted("comments");
    let list = json!({"items": [object("id", "c1", &comments)]});
    let page = read("get_post_comments", "s_1", &list);
    assert_eq!(stated(&page.comments[0].counts), comments);
    assert!(users.len() > 5 && posts.len() > 5 && comments.len() > 5);
}
