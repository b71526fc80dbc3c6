-- What analysts ask first, with the remote's own text ids.

create view users_now as
    -- The newest state of every user that a reply described.
    select u.user_id, u.username, u.display_name, u.description, u.verified, u.location, u.website, u.plan_type,
           u.can_cameo, u.is_public_figure, o.user_id as owner_user_id, u.created_at, u.updated_at, u.banned_at,
           u.follower_count, u.following_count, u.post_count, u.cameo_count, u.likes_received_count, u.view_count,
           u.reply_count, u.remix_count, u.character_count, u.counted_at,
           u.profile_picture_url, u.cover_photo_url, u.permalink,
           u.first_call_id, f.settled_at as first_seen_at, u.last_call_id, l.settled_at as last_seen_at
    from users u
    left join users o on o.id = u.owner_id
    join calls f on f.id = u.first_call_id
    join calls l on l.id = u.last_call_id
    where u.username is not null or u.display_name is not null or u.counted_at is not null;

create view posts_now as
    -- The newest state of every post that a reply described.
    select p.post_id, a.user_id as author_user_id, a.username as author_username, p.text, p.title, p.caption, p.emoji,
           p.source, p.posted_at, p.updated_at, p.tombstoned_at, p.posted_to_public, p.share_setting, p.is_featured,
           parent.post_id as parent_post_id, root.post_id as root_post_id, origin.post_id as repost_of_post_id,
           p.discovery_phrase, p.like_count, p.dislike_count, p.view_count, p.unique_view_count, p.remix_count,
           p.reply_count, p.recursive_reply_count, p.share_count, p.repost_count, p.counted_at,
           p.permalink, p.preview_image_url, p.cover_photo_url, p.srt_url, p.vtt_url,
           p.first_call_id, f.settled_at as first_seen_at, p.last_call_id, l.settled_at as last_seen_at
    from posts p
    left join users a on a.id = p.author_id
    left join posts parent on parent.id = p.parent_id
    left join posts root on root.id = p.root_id
    left join posts origin on origin.id = p.repost_of_id
    join calls f on f.id = p.first_call_id
    join calls l on l.id = p.last_call_id
    where p.posted_at is not null or p.text is not null or p.title is not null or p.counted_at is not null or p.author_id is not null;

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
    -- Who is in the cast of which post, with names.
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
    -- Every comment under its post, with its depth (0 answers the post) and its path for sorting. Comments that answer
    -- each other in a circle, to which nothing leads, and what hangs on them have depth 0 too, and a parent all the same.
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
    -- Every line of remixes from its first post down, with the depth of each step. Posts that no first post leads to
    -- within 100 steps, such as those made from each other in a circle, begin a line of their own, at depth 0 and
    -- with their parent.
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

create view attachment_links as
    -- Every video with the post or comment that has it.
    select t.attachment_id, p.post_id, c.comment_id, t.kind, t.generation_id, t.generation_type, t.width, t.height,
           t.duration_s, t.n_frames, t.output_blocked, t.url, t.downloadable_url, t.no_watermark_url, t.source_url,
           t.thumbnail_url, t.expires_at, t.first_call_id, t.last_call_id
    from attachments t
    left join posts p on p.id = t.post_id
    left join comments c on c.id = t.comment_id;

create view feed_history as
    -- What the feed showed, and when.
    select e.observed_at, e.rank, p.post_id, a.username as author_username, p.text, p.like_count, p.view_count, e.call_id
    from feed_entries e
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id;

create view leaderboard_history as
    -- Who stood on the leaderboard, and when.
    select e.observed_at, e.rank, u.user_id, u.username, u.cameo_count, u.follower_count, e.call_id
    from leaderboard_entries e join users u on u.id = e.user_id;

create view search_hits as
    -- Who was found by which search.
    select e.query, e.position, u.user_id, u.username, u.display_name, u.follower_count, e.token, e.observed_at, e.call_id
    from search_results e join users u on u.id = e.user_id;

create view user_growth as
    -- The numbers of a user over time: one row for each change.
    select u.user_id, u.username, s.observed_at, coalesce(s.last_observed_at, u.counted_at) as last_observed_at, s.follower_count, s.following_count, s.post_count,
           s.cameo_count, s.likes_received_count, s.view_count, s.call_id
    from user_stats s join users u on u.id = s.user_id;

create view post_growth as
    -- The numbers of a post over time: one row for each change.
    select p.post_id, s.observed_at, coalesce(s.last_observed_at, p.counted_at) as last_observed_at, s.like_count, s.view_count, s.unique_view_count, s.remix_count,
           s.reply_count, s.recursive_reply_count, s.share_count, s.repost_count, s.call_id
    from post_stats s join posts p on p.id = s.post_id;

create view spend_by_endpoint_and_day as
    -- What was called, what it cost and what it gave.
    select day, endpoint, answered, kept, unknown, never_sent, refused, cost_micro_usd,
           cost_micro_usd / 1000000.0 as cost_usd, items, row_count, odd_items, body_bytes
    from call_totals;

create view coverage as
    -- What was asked for, what is there, what is missing and why: one row for each job.
    select j.endpoint, j.subject, j.state, j.stop_reason, j.note, j.depth, s.kind as seed_kind, s.subject as seed_subject,
           j.pages, j.items, j.attempts, j.last_error, j.last_call_id, j.created_at, j.ended_at
    from jobs j join seeds s on s.id = j.seed_id;
