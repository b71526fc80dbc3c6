-- What was found. Rows refer to each other by `id`; the remote's own ids are text (`user_id`, `post_id`,
-- `comment_id`), and the views of the next migration show those. A column that was never said is null.

create table users (
    -- Users and characters.
    id integer primary key,
    user_id text not null unique,   -- user-…, or ch_… for a character
    username text,                  -- null: known only by id so far
    display_name text,              -- the name shown; not unique
    description text,               -- the text about himself
    profile_picture_url text,
    cover_photo_url text,
    permalink text,                 -- address of the profile
    location text,
    website text,
    plan_type text,                 -- of the account
    verified integer,               -- 0 or 1
    can_cameo integer,              -- 0 or 1
    is_public_figure integer,       -- 0 or 1
    owner_id integer references users (id),  -- the user who owns this character
    created_at real,
    updated_at real,
    banned_at real,                 -- when he was banned; null: nobody said so
    follower_count integer,         -- users who follow him
    following_count integer,        -- users he follows
    post_count integer,             -- his posts
    cameo_count integer,            -- appearances in posts
    likes_received_count integer,  -- likes on all posts
    view_count integer,             -- looks at all posts
    reply_count integer,            -- comments on all posts
    remix_count integer,            -- remixes of all posts
    character_count integer,        -- characters he owns
    counted_at real,                -- when a reply last gave one of these numbers
    counted_call_id integer references calls (id),          -- the call that did
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id)     -- the call that last showed it
) strict;
create index users_username on users (username collate nocase);

create table user_stats (
    -- The numbers of a user over time: a row only where one of them changed.
    user_id integer not null references users (id),
    call_id integer not null references calls (id),  -- the call that showed these numbers first
    observed_at real not null,       -- when they were first seen
    last_observed_at real,           -- when they were last seen unchanged; null: still so at the parent's counted_at
    follower_count integer,
    following_count integer,
    post_count integer,
    cameo_count integer,
    likes_received_count integer,
    view_count integer,
    reply_count integer,
    remix_count integer,
    character_count integer,
    primary key (user_id, observed_at)
) strict, without rowid;

create trigger user_stats_first after insert on users when new.counted_at is not null begin
    insert into user_stats (user_id, call_id, observed_at, follower_count, following_count, post_count, cameo_count, likes_received_count, view_count, reply_count, remix_count, character_count)
    values (new.id, new.counted_call_id, new.counted_at, new.follower_count, new.following_count, new.post_count, new.cameo_count, new.likes_received_count, new.view_count, new.reply_count, new.remix_count, new.character_count);
end;

create trigger user_stats_changed after update of counted_at on users
when new.counted_at is not null and (new.follower_count is not old.follower_count or new.following_count is not old.following_count or new.post_count is not old.post_count or new.cameo_count is not old.cameo_count or new.likes_received_count is not old.likes_received_count or new.view_count is not old.view_count or new.reply_count is not old.reply_count or new.remix_count is not old.remix_count or new.character_count is not old.character_count) begin
    update user_stats set last_observed_at = old.counted_at
    where user_id = new.id and last_observed_at is null;
    insert or replace into user_stats (user_id, call_id, observed_at, follower_count, following_count, post_count, cameo_count, likes_received_count, view_count, reply_count, remix_count, character_count)
    values (new.id, new.counted_call_id, new.counted_at, new.follower_count, new.following_count, new.post_count, new.cameo_count, new.likes_received_count, new.view_count, new.reply_count, new.remix_count, new.character_count);
end;

create table posts (
    -- Posts; comments have a table of their own.
    id integer primary key,
    post_id text not null unique,   -- s_…
    author_id integer references users (id),
    text text,                      -- the prompt
    title text,                     -- the prompt again, perhaps cut short: get_video_download_info knows no other
    caption text,                   -- where there is one beside the prompt
    emoji text,                     -- that stands for the post
    source text,                    -- where it was made, in the remote's words
    posted_at real,
    updated_at real,
    tombstoned_at real,             -- when the author deleted it
    permalink text,                 -- address of the post
    preview_image_url text,
    cover_photo_url text,
    srt_url text,                   -- subtitles
    vtt_url text,                   -- subtitles
    posted_to_public integer,       -- 0 or 1
    share_setting text,             -- public, private or unlisted
    is_featured integer,            -- 0 or 1
    parent_id integer references posts (id), -- the post it was made from
    root_id integer references posts (id),   -- the first post of that line
    repost_of_id integer references posts (id), -- the post it shows again
    discovery_phrase text,
    like_count integer,
    dislike_count integer,
    view_count integer,             -- looks
    unique_view_count integer,      -- lookers
    remix_count integer,            -- posts made from it
    reply_count integer,  -- comments on the post itself
    recursive_reply_count integer,  -- comments and replies at every depth
    share_count integer,
    repost_count integer,
    counted_at real,                -- when a reply last gave one of these numbers
    counted_call_id integer references calls (id),          -- the call that did
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id)     -- the call that last showed it
) strict;
create index posts_of_author on posts (author_id);

create table post_stats (
    -- The numbers of a post over time: a row only where one of them changed.
    post_id integer not null references posts (id),
    call_id integer not null references calls (id),  -- the call that showed these numbers first
    observed_at real not null,       -- when they were first seen
    last_observed_at real,           -- when they were last seen unchanged; null: still so at the parent's counted_at
    like_count integer,
    dislike_count integer,
    view_count integer,
    unique_view_count integer,
    remix_count integer,
    reply_count integer,
    recursive_reply_count integer,
    share_count integer,
    repost_count integer,
    primary key (post_id, observed_at)
) strict, without rowid;

create trigger post_stats_first after insert on posts when new.counted_at is not null begin
    insert into post_stats (post_id, call_id, observed_at, like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count, recursive_reply_count, share_count, repost_count)
    values (new.id, new.counted_call_id, new.counted_at, new.like_count, new.dislike_count, new.view_count, new.unique_view_count, new.remix_count, new.reply_count, new.recursive_reply_count, new.share_count, new.repost_count);
end;

create trigger post_stats_changed after update of counted_at on posts
when new.counted_at is not null and (new.like_count is not old.like_count or new.dislike_count is not old.dislike_count or new.view_count is not old.view_count or new.unique_view_count is not old.unique_view_count or new.remix_count is not old.remix_count or new.reply_count is not old.reply_count or new.recursive_reply_count is not old.recursive_reply_count or new.share_count is not old.share_count or new.repost_count is not old.repost_count) begin
    update post_stats set last_observed_at = old.counted_at
    where post_id = new.id and last_observed_at is null;
    insert or replace into post_stats (post_id, call_id, observed_at, like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count, recursive_reply_count, share_count, repost_count)
    values (new.id, new.counted_call_id, new.counted_at, new.like_count, new.dislike_count, new.view_count, new.unique_view_count, new.remix_count, new.reply_count, new.recursive_reply_count, new.share_count, new.repost_count);
end;

create table comments (
    -- Comments on posts and replies to comments.
    id integer primary key,
    comment_id text not null unique,
    post_id integer references posts (id),              -- posts.id of the post it stands under
    parent_comment_id integer references comments (id), -- comments.id of the comment it answers; null: answers the post
    author_id integer references users (id),
    text text,
    posted_at real,
    updated_at real,
    tombstoned_at real,             -- when it was deleted
    permalink text,                 -- address of the comment
    like_count integer,
    dislike_count integer,
    view_count integer,
    unique_view_count integer,
    remix_count integer,
    reply_count integer,  -- direct replies
    recursive_reply_count integer,  -- replies at every depth
    share_count integer,
    repost_count integer,
    counted_at real,                -- when a reply last gave one of these numbers
    counted_call_id integer references calls (id),          -- the call that did
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id)     -- the call that last showed it
) strict;
create index comments_of_post on comments (post_id);
create index comments_of_parent on comments (parent_comment_id) where parent_comment_id is not null;

create table comment_stats (
    -- The numbers of a comment over time: a row only where one of them changed.
    comment_id integer not null references comments (id),
    call_id integer not null references calls (id),  -- the call that showed these numbers first
    observed_at real not null,       -- when they were first seen
    last_observed_at real,           -- when they were last seen unchanged; null: still so at the parent's counted_at
    like_count integer,
    dislike_count integer,
    view_count integer,
    unique_view_count integer,
    remix_count integer,
    reply_count integer,
    recursive_reply_count integer,
    share_count integer,
    repost_count integer,
    primary key (comment_id, observed_at)
) strict, without rowid;

create trigger comment_stats_first after insert on comments when new.counted_at is not null begin
    insert into comment_stats (comment_id, call_id, observed_at, like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count, recursive_reply_count, share_count, repost_count)
    values (new.id, new.counted_call_id, new.counted_at, new.like_count, new.dislike_count, new.view_count, new.unique_view_count, new.remix_count, new.reply_count, new.recursive_reply_count, new.share_count, new.repost_count);
end;

create trigger comment_stats_changed after update of counted_at on comments
when new.counted_at is not null and (new.like_count is not old.like_count or new.dislike_count is not old.dislike_count or new.view_count is not old.view_count or new.unique_view_count is not old.unique_view_count or new.remix_count is not old.remix_count or new.reply_count is not old.reply_count or new.recursive_reply_count is not old.recursive_reply_count or new.share_count is not old.share_count or new.repost_count is not old.repost_count) begin
    update comment_stats set last_observed_at = old.counted_at
    where comment_id = new.id and last_observed_at is null;
    insert or replace into comment_stats (comment_id, call_id, observed_at, like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count, recursive_reply_count, share_count, repost_count)
    values (new.id, new.counted_call_id, new.counted_at, new.like_count, new.dislike_count, new.view_count, new.unique_view_count, new.remix_count, new.reply_count, new.recursive_reply_count, new.share_count, new.repost_count);
end;

create table follows (
    -- Who follows whom.
    followed_id integer not null references users (id),
    follower_id integer not null references users (id),
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id),    -- the call that last showed it
    primary key (followed_id, follower_id)
) strict, without rowid;
create index follows_of_follower on follows (follower_id, followed_id);

create table appearances (
    -- Who is in the cast of which post.
    post_id integer not null references posts (id),
    user_id integer not null references users (id),
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id),    -- the call that last showed it
    primary key (post_id, user_id)
) strict, without rowid;
create index appearances_of_user on appearances (user_id, post_id);

create table remixes (
    -- Which post was made from which.
    parent_post_id integer not null references posts (id),
    post_id integer not null references posts (id),
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id),    -- the call that last showed it
    primary key (parent_post_id, post_id)
) strict, without rowid;
create index remixes_of_post on remixes (post_id);

create table attachments (
    -- Videos: one row each, with all their URLs. The URLs are signed and expire.
    id integer primary key,
    attachment_id text not null unique, -- the remote's id, or one made from what it hangs on and its place there
    post_id integer references posts (id),
    comment_id integer references comments (id),
    kind text,                      -- as the remote says: sora
    generation_id text,             -- gen_…: the best stable name of a video
    generation_type text,           -- video_gen, editor_stitch, …
    task_id text,                   -- task_…: the order that made it
    width integer,
    height integer,
    duration_s real,                -- seconds
    n_frames integer,
    output_blocked integer,         -- 0 or 1
    has_captions integer,           -- 0 or 1
    url text,                       -- the video; of late the one of medium quality
    downloadable_url text,          -- the video, for saving
    watermark_url text,             -- with a watermark
    no_watermark_url text,          -- without
    endcard_watermark_url text,     -- with a watermark and an end card
    source_url text,                -- as it was made
    source_wm_url text,             -- the same with a watermark
    endcard_wm_url text,            -- the same with a watermark and an end card
    thumbnail_url text,             -- a picture
    unfurl_url text,                -- a picture for link previews
    md_url text,                    -- medium quality
    ld_url text,                    -- low quality
    gif_url text,                   -- a short moving picture
    expires_at real,                -- when the first of these URLs stops working
    first_call_id integer not null references calls (id),   -- the call that first showed it
    last_call_id integer not null references calls (id),    -- the call that last showed it
    constraint attached_to_one_thing check ((post_id is null) <> (comment_id is null))
) strict;
create index attachments_of_post on attachments (post_id) where post_id is not null;
create index attachments_of_comment on attachments (comment_id) where comment_id is not null;

create table feed_entries (
    -- What the feed showed at a moment, in its order.
    call_id integer not null references calls (id),  -- the page: one call
    position integer not null,      -- 0 for the first item of the page
    rank integer not null,          -- 1 for the first item of the walk
    post_id integer not null references posts (id),
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index feed_entries_of_post on feed_entries (post_id);

create table leaderboard_entries (
    -- Who stood on the cameo leaderboard at a moment.
    call_id integer not null references calls (id),  -- the page: one call
    position integer not null,      -- 0 for the first item of the page
    rank integer not null,          -- 1 for the first item of the walk
    user_id integer not null references users (id),
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index leaderboard_entries_of_user on leaderboard_entries (user_id);

create table search_results (
    -- Who was found by which search.
    call_id integer not null references calls (id),
    position integer not null,      -- 0 for the first hit
    query text not null,            -- what was searched for
    user_id integer not null references users (id),
    token text,                     -- how the user is mentioned in a comment
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index search_results_of_query on search_results (query);
