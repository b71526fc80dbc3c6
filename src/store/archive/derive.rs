//! Triggers and views that list columns: made from the schema, and made again when it changes.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::column::Kind;
use super::schema::tables;
use super::table::Outline;
use crate::store::Result;

/// A trigger or a view, with the SQL that creates it.
struct Object {
    kind: &'static str,
    name: String,
    sql: String,
}

/// Makes the derived triggers and views as this version defines them. One that is as it should be is left alone.
///
/// # Errors
/// Returns an error if the archive cannot be written.
pub(in crate::store) async fn derive(connection: &mut SqliteConnection) -> Result<()> {
    for Object { kind, name, sql } in objects() {
        let found: Option<String> =
            sqlx::query_scalar("select sql from sqlite_master where type = ? and name = ?")
                .bind(kind)
                .bind(&name)
                .fetch_optional(&mut *connection)
                .await?;
        if found.as_ref() == Some(&sql) {
            continue;
        }
        // The names and texts are made from constants of this program.
        let text = format!("begin immediate; drop {kind} if exists {name}; {sql}; commit");
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(text))
            .execute(&mut *connection)
            .await
        {
            // Without a transaction there is nothing to undo.
            let _ = sqlx::query("rollback").execute(&mut *connection).await;
            return Err(error.into());
        }
    }
    Ok(())
}

fn objects() -> Vec<Object> {
    let of = |name: &str| tables().iter().find(move |table| table.name == name);
    let mut all = Vec::new();
    for history in tables() {
        let has_counts = counts_of(history).next().is_some();
        if let Some(parent) = history.history_of.and_then(of).filter(|_| has_counts) {
            all.extend(triggers(parent, history));
        }
    }
    for view in VIEWS {
        if let Some(table) = of(view.of) {
            all.push(Object {
                kind: "view",
                name: view.name.to_owned(),
                sql: view.sql(table),
            });
        }
    }
    all
}

/// The counts of a row go into its history when they are first stated, and when one of them changes.
fn triggers(parent: &Outline, history: &Outline) -> [Object; 2] {
    let counts: Vec<&str> = counts_of(parent).collect();
    let key = history.columns[0].name;
    let list = counts.join(", ");
    let new = counts.iter().map(|count| format!("new.{count}"));
    let new = new.collect::<Vec<_>>().join(", ");
    let changed = counts
        .iter()
        .map(|count| format!("new.{count} is not old.{count}"));
    let changed = changed.collect::<Vec<_>>().join(" or ");
    let values = format!(
        "({key}, call_id, observed_at, {list})\n    values (new.id, new.counted_call_id, new.counted_at, {new})"
    );
    let again = counts
        .iter()
        .map(|count| format!("{count} = excluded.{count}"));
    let again = again.collect::<Vec<_>>().join(", ");
    let (parent, name) = (parent.name, history.name);
    let object = |suffix: &str, sql: String| Object {
        kind: "trigger",
        name: format!("{name}_{suffix}"),
        sql: format!("create trigger {name}_{suffix} {sql}"),
    };
    [
        object(
            "first",
            format!(
                "after insert on {parent} when new.counted_at is not null begin
    insert into {name} {values};
end"
            ),
        ),
        object(
            "changed",
            format!(
                "after update of counted_at on {parent}
when new.counted_at is not null and ({changed}) begin
    update {name} set last_observed_at = old.counted_at
    where {key} = new.id and last_observed_at is null;
    insert into {name} {values}
    on conflict ({key}, observed_at) do update set call_id = excluded.call_id, last_observed_at = null, {again};
end"
            ),
        ),
    ]
}

pub(super) fn counts_of(table: &Outline) -> impl Iterator<Item = &'static str> {
    let counts = table
        .columns
        .iter()
        .filter(|column| column.kind == Kind::Count);
    counts.map(|column| column.name)
}

/// A view that shows the columns of a table.
struct View {
    name: &'static str,
    about: &'static str,
    of: &'static str,
    /// `t` is the table. `{columns}` stands for its columns without calls and references, `{counts}` for its counts.
    select: &'static str,
}

impl View {
    fn sql(&self, table: &Outline) -> String {
        let list = |is_meant: &dyn Fn(Kind) -> bool| {
            let columns = table.columns.iter().filter(|column| is_meant(column.kind));
            let names = columns.map(|column| match column.name {
                // The index on names ignores case, and serves a comparison that does so too.
                "username" => "t.username collate nocase as username".to_owned(),
                name => format!("t.{name}"),
            });
            names.collect::<Vec<_>>().join(", ")
        };
        let columns = list(&|kind| !matches!(kind, Kind::Call | Kind::Reference(_)));
        let counts = list(&|kind| kind == Kind::Count);
        let select = self
            .select
            .replace("{columns}", &columns)
            .replace("{counts}", &counts);
        format!(
            "create view {} as\n    -- {}\n    {select}",
            self.name, self.about
        )
    }
}

const VIEWS: [View; 7] = [
    View {
        name: "users_now",
        about: "The newest state of every user that a reply described.",
        of: "users",
        select: "select {columns}, o.user_id as owner_user_id,
           t.first_call_id, f.settled_at as first_seen_at, t.last_call_id, l.settled_at as last_seen_at,
           (select s.settled_at from absences x join calls s on s.id = x.confirmed_call_id
               where x.kind = 'user' and x.item_id = t.id and x.of_id = 0 and x.cleared_call_id is null) as gone_at
    from users t
    left join users o on o.id = t.owner_id
    join calls f on f.id = t.first_call_id
    join calls l on l.id = t.last_call_id
    where t.username is not null or t.display_name is not null or t.counted_at is not null",
    },
    View {
        name: "posts_now",
        about: "The newest state of every post that a reply described.",
        of: "posts",
        select: "select {columns}, a.user_id as author_user_id, a.username as author_username,
           parent.post_id as parent_post_id, root.post_id as root_post_id, origin.post_id as repost_of_post_id,
           t.first_call_id, f.settled_at as first_seen_at, t.last_call_id, l.settled_at as last_seen_at,
           coalesce(t.tombstoned_at, (select s.settled_at from absences x join calls s on s.id = x.confirmed_call_id
               where x.kind = 'post' and x.item_id = t.id and x.of_id = 0 and x.cleared_call_id is null)) as gone_at
    from posts t
    left join users a on a.id = t.author_id
    left join posts parent on parent.id = t.parent_id
    left join posts root on root.id = t.root_id
    left join posts origin on origin.id = t.repost_of_id
    join calls f on f.id = t.first_call_id
    join calls l on l.id = t.last_call_id
    where t.posted_at is not null or t.text is not null or t.title is not null or t.counted_at is not null
        or t.author_id is not null",
    },
    View {
        name: "comments_now",
        about: "The newest state of every comment that a reply described.",
        of: "comments",
        select: "select {columns}, p.post_id, parent.comment_id as parent_comment_id,
           a.user_id as author_user_id, a.username as author_username,
           t.first_call_id, f.settled_at as first_seen_at, t.last_call_id, l.settled_at as last_seen_at,
           coalesce(t.tombstoned_at, (select s.settled_at from absences x join calls s on s.id = x.confirmed_call_id
               where x.kind = 'comment' and x.item_id = t.id and x.of_id = 0 and x.cleared_call_id is null)) as gone_at
    from comments t
    left join posts p on p.id = t.post_id
    left join comments parent on parent.id = t.parent_comment_id
    left join users a on a.id = t.author_id
    join calls f on f.id = t.first_call_id
    join calls l on l.id = t.last_call_id
    where t.posted_at is not null or t.text is not null or t.counted_at is not null or t.author_id is not null",
    },
    View {
        name: "attachment_links",
        about: "Every video with the post or comment that it belongs to.",
        of: "attachments",
        select: "select {columns}, p.post_id, c.comment_id, t.first_call_id, t.last_call_id
    from attachments t
    left join posts p on p.id = t.post_id
    left join comments c on c.id = t.comment_id",
    },
    View {
        name: "user_growth",
        about: "The counts of a user over time: one row for each change.",
        of: "user_stats",
        select: "select u.user_id, u.username, t.observed_at,
           coalesce(t.last_observed_at, u.counted_at) as last_observed_at, {counts}, t.call_id
    from user_stats t join users u on u.id = t.user_id",
    },
    View {
        name: "post_growth",
        about: "The counts of a post over time: one row for each change.",
        of: "post_stats",
        select: "select p.post_id, a.user_id as author_user_id, a.username as author_username, p.posted_at, t.observed_at,
           coalesce(t.last_observed_at, p.counted_at) as last_observed_at, {counts}, t.call_id
    from post_stats t
    join posts p on p.id = t.post_id
    left join users a on a.id = p.author_id",
    },
    View {
        name: "comment_growth",
        about: "The counts of a comment over time: one row for each change.",
        of: "comment_stats",
        select: "select c.comment_id, t.observed_at,
           coalesce(t.last_observed_at, c.counted_at) as last_observed_at, {counts}, t.call_id
    from comment_stats t join comments c on c.id = t.comment_id",
    },
];
