-- Views with the remote's own text ids. Those that list all columns of a table are made from src/store/archive/schema.rs.

create view follow_edges as
    -- Who follows whom, with names.
    select follower.user_id as follower_user_id, follower.username as follower_username,
           followed.user_id as followed_user_id, followed.username as followed_username,
           e.first_call_id, f.settled_at as first_seen_at, e.last_call_id, l.settled_at as last_seen_at
    from follows e
    join users follower on follower.id = e.follower_id
    join users followed on followed.id = e.followed_id
    join calls f on f.id = e.first_call_id
    join calls l on l.id = e.last_call_id;

create view appearance_edges as
    -- Which users appear in which posts, with names.
    select u.user_id, u.username, p.post_id, a.user_id as author_user_id, a.username as author_username, p.posted_at,
           e.first_call_id, e.last_call_id
    from appearances e
    join users u on u.id = e.user_id
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id;

create view remix_edges as
    -- Which post was made from which.
    select p.post_id, parent.post_id as parent_post_id, e.first_call_id, e.last_call_id
    from remixes e
    join posts p on p.id = e.post_id
    join posts parent on parent.id = e.parent_post_id;

create view comment_tree as
    -- Every comment with its post, its depth (0 answers the post) and a path to sort by. Comments that answer each other in
    -- a circle, and the replies to them, also have depth 0, together with a parent.
    with recursive led (id, depth, path) as (
        select id, 0, printf('%020.6f/%s', coalesce(posted_at, 0), comment_id)
        from comments where parent_comment_id is null
        union all
        select c.id, led.depth + 1, led.path || ' ' || printf('%020.6f/%s', coalesce(c.posted_at, 0), c.comment_id)
        from comments c join led on c.parent_comment_id = led.id
    ),
    tree (id, depth, path) as (
        select id, depth, path from led
        union all
        select id, 0, printf('%020.6f/%s', coalesce(posted_at, 0), comment_id)
        from comments where parent_comment_id is not null and id not in (select id from led)
    )
    select p.post_id, c.comment_id, parent.comment_id as parent_comment_id, tree.depth,
           a.user_id as author_user_id, a.username as author_username, c.text, c.posted_at, c.tombstoned_at,
           c.like_count, c.reply_count, c.recursive_reply_count, tree.path, c.first_call_id, c.last_call_id
    from tree
    join comments c on c.id = tree.id
    left join posts p on p.id = c.post_id
    left join comments parent on parent.id = c.parent_comment_id
    left join users a on a.id = c.author_id;

create view remix_tree as
    -- Every chain of remixes from its first post, with the depth of each step. Posts that no first post leads to within
    -- 100 steps, such as those made from each other in a circle, start a chain at depth 0, together with their parent.
    with recursive led (root_id, id, parent_id, depth, line) as (
        select distinct r.parent_post_id, r.parent_post_id, null, 0, '/' || r.parent_post_id || '/'
        from remixes r
        where not exists (select 1 from remixes up where up.post_id = r.parent_post_id)
        union all
        select led.root_id, r.post_id, r.parent_post_id, led.depth + 1, led.line || r.post_id || '/'
        from remixes r join led on r.parent_post_id = led.id
        where led.depth < 100 and instr(led.line, '/' || r.post_id || '/') = 0
    ),
    tree (root_id, id, parent_id, depth) as (
        select root_id, id, parent_id, depth from led
        union all
        select post_id, post_id, parent_post_id, 0 from remixes where post_id not in (select id from led)
    )
    select root.post_id as root_post_id, p.post_id, parent.post_id as parent_post_id, tree.depth,
           a.user_id as author_user_id, a.username as author_username, p.text, p.posted_at, p.like_count, p.remix_count
    from tree
    join posts p on p.id = tree.id
    join posts root on root.id = tree.root_id
    left join posts parent on parent.id = tree.parent_id
    left join users a on a.id = p.author_id;

create view feed_history as
    -- What the feed showed, and when.
    select e.observed_at, e.rank, p.post_id, a.username as author_username, p.text, p.like_count, p.view_count, e.call_id
    from feed_entries e
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id;

create view leaderboard_history as
    -- What the leaderboard showed, and when.
    select e.observed_at, e.rank, u.user_id, u.username, u.cameo_count, u.follower_count, e.call_id
    from leaderboard_entries e join users u on u.id = e.user_id;

create view search_hits as
    -- Which users a search found.
    select e.query, e.position, u.user_id, u.username, u.display_name, u.follower_count, e.token, e.observed_at, e.call_id
    from search_results e join users u on u.id = e.user_id;

create view spend_by_endpoint_and_day as
    -- Calls, dollars and rows by endpoint and day.
    select day, endpoint, answered, kept, unknown, never_sent, refused, cost_micro_usd,
           cost_micro_usd / 1000000.0 as cost_usd, items, row_count, odd_items, body_bytes
    from call_totals;

create view coverage as
    -- What was asked for, what is there, what is missing and why: one row for each job.
    select j.endpoint, j.subject, j.state, j.stop_reason, j.note, j.depth, s.kind as seed_kind, s.subject as seed_subject,
           j.pages, j.items, j.attempts, j.last_error, j.last_call_id, j.created_at, j.ended_at
    from jobs j join seeds s on s.id = j.seed_id;

pragma user_version = 4;
