-- The rows. They refer to each other by `id`; the remote's own ids are text (`user_id`, `post_id`, `comment_id`), which
-- the views show. A value that no reply stated is null. src/store/archive/schema.rs lists the same columns, and the history
-- triggers and some views are made from it.

create table users (
    -- Users and characters.
    id integer primary key,
    user_id text not null unique,   -- user-…, or ch_… for a character
    username text,                  -- null: only the id is known so far
    display_name text,              -- the displayed name; not unique
    description text,               -- the user's text about themselves
    profile_picture_url text,
    cover_photo_url text,
    permalink text,                 -- URL of the profile
    location text,
    website text,
    plan_type text,                 -- plan of the account
    verified integer,               -- 0 or 1
    can_cameo integer,              -- 0 or 1
    is_public_figure integer,       -- 0 or 1
    owner_id integer references users (id),  -- the user who owns this character
    created_at real,
    updated_at real,
    banned_at real,                 -- when the user was banned; null: no reply says so
    follower_count integer,         -- users who follow this user
    following_count integer,        -- users whom this user follows
    post_count integer,             -- posts of the user
    cameo_count integer,            -- appearances in posts
    likes_received_count integer,  -- likes on all posts
    view_count integer,             -- views of all posts
    reply_count integer,            -- comments on all posts
    remix_count integer,            -- remixes of all posts
    character_count integer,        -- characters that the user owns
    counted_at real,                -- when a reply last stated one of these counts
    counted_call_id integer references calls (id),          -- the call of that reply
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id)     -- the latest call that showed it
) strict;
create index users_username on users (username collate nocase);

create table user_stats (
    -- The counts of a user over time: a row for each change.
    user_id integer not null references users (id),
    call_id integer not null references calls (id),  -- the call that first showed these counts
    observed_at real not null,       -- when they were first observed
    last_observed_at real,           -- when they were last observed; null: at the parent's counted_at
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

create table posts (
    -- Posts. Comments have their own table.
    id integer primary key,
    post_id text not null unique,   -- s_…
    author_id integer references users (id),
    text text,                      -- the prompt
    title text,                     -- the prompt in get_video_download_info, perhaps truncated
    caption text,                   -- a caption beside the prompt
    emoji text,                     -- the emoji of the post
    source text,                    -- where it was made, as the remote calls it
    posted_at real,
    updated_at real,
    tombstoned_at real,             -- when the author deleted it
    permalink text,                 -- URL of the post
    preview_image_url text,
    cover_photo_url text,
    srt_url text,                   -- subtitles
    vtt_url text,                   -- subtitles
    posted_to_public integer,       -- 0 or 1
    share_setting text,             -- public, private or unlisted
    is_featured integer,            -- 0 or 1
    parent_id integer references posts (id), -- the post it was made from
    root_id integer references posts (id),   -- the first post of that chain
    repost_of_id integer references posts (id), -- the post that it reposts
    discovery_phrase text,
    like_count integer,
    dislike_count integer,
    view_count integer,             -- views
    unique_view_count integer,      -- viewers
    remix_count integer,            -- posts made from it
    reply_count integer,  -- comments on the post itself
    recursive_reply_count integer,  -- comments and replies at every depth
    share_count integer,
    repost_count integer,
    counted_at real,                -- when a reply last stated one of these counts
    counted_call_id integer references calls (id),          -- the call of that reply
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id)     -- the latest call that showed it
) strict;
create index posts_of_author on posts (author_id);

create table post_stats (
    -- The counts of a post over time: a row for each change.
    post_id integer not null references posts (id),
    call_id integer not null references calls (id),  -- the call that first showed these counts
    observed_at real not null,       -- when they were first observed
    last_observed_at real,           -- when they were last observed; null: at the parent's counted_at
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

create table comments (
    -- Comments on posts and replies to comments.
    id integer primary key,
    comment_id text not null unique,
    post_id integer references posts (id),              -- posts.id of the post
    parent_comment_id integer references comments (id), -- comments.id of the comment that it answers; null: it answers the post
    author_id integer references users (id),
    text text,
    posted_at real,
    updated_at real,
    tombstoned_at real,             -- when it was deleted
    permalink text,                 -- URL of the comment
    like_count integer,
    dislike_count integer,
    view_count integer,
    unique_view_count integer,
    remix_count integer,
    reply_count integer,  -- direct replies
    recursive_reply_count integer,  -- replies at every depth
    share_count integer,
    repost_count integer,
    counted_at real,                -- when a reply last stated one of these counts
    counted_call_id integer references calls (id),          -- the call of that reply
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id)     -- the latest call that showed it
) strict;
create index comments_of_post on comments (post_id);
create index comments_of_parent on comments (parent_comment_id) where parent_comment_id is not null;
-- The writer looks for replies without a post at every page. There are hardly any.
create index comments_without_post on comments (parent_comment_id) where post_id is null and parent_comment_id is not null;

create table comment_stats (
    -- The counts of a comment over time: a row for each change.
    comment_id integer not null references comments (id),
    call_id integer not null references calls (id),  -- the call that first showed these counts
    observed_at real not null,       -- when they were first observed
    last_observed_at real,           -- when they were last observed; null: at the parent's counted_at
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

create table follows (
    -- Who follows whom.
    followed_id integer not null references users (id),
    follower_id integer not null references users (id),
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id),    -- the latest call that showed it
    primary key (followed_id, follower_id)
) strict, without rowid;
create index follows_of_follower on follows (follower_id, followed_id);

create table appearances (
    -- Which users appear in which posts.
    post_id integer not null references posts (id),
    user_id integer not null references users (id),
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id),    -- the latest call that showed it
    primary key (post_id, user_id)
) strict, without rowid;
create index appearances_of_user on appearances (user_id, post_id);

create table remixes (
    -- Which post was made from which.
    parent_post_id integer not null references posts (id),
    post_id integer not null references posts (id),
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id),    -- the latest call that showed it
    primary key (parent_post_id, post_id)
) strict, without rowid;
create index remixes_of_post on remixes (post_id);

create table attachments (
    -- Videos, one row each, with all their URLs. The URLs are signed and expire.
    id integer primary key,
    attachment_id text not null unique, -- the remote's id, or one made from its post or comment and its position there
    post_id integer references posts (id),
    comment_id integer references comments (id),
    kind text,                      -- as the remote calls it: sora
    generation_id text,             -- gen_…: the most stable id of a video
    generation_type text,           -- video_gen, editor_stitch, …
    task_id text,                   -- task_…: the task that made it
    width integer,
    height integer,
    duration_s real,                -- seconds
    n_frames integer,
    output_blocked integer,         -- 0 or 1
    has_captions integer,           -- 0 or 1
    url text,                       -- the video; recently in medium quality
    downloadable_url text,          -- the video, for download
    watermark_url text,             -- with a watermark
    no_watermark_url text,          -- without a watermark
    endcard_watermark_url text,     -- with a watermark and an end card
    source_url text,                -- the original encoding
    source_wm_url text,             -- the original with a watermark
    endcard_wm_url text,            -- the original with a watermark and an end card
    thumbnail_url text,             -- a still image
    unfurl_url text,                -- an image for link previews
    md_url text,                    -- medium quality
    ld_url text,                    -- low quality
    gif_url text,                   -- an animated preview
    expires_at real,                -- when the first of these URLs expires
    first_call_id integer not null references calls (id),   -- the first call that showed it
    last_call_id integer not null references calls (id),    -- the latest call that showed it
    constraint attached_to_one_thing check ((post_id is null) <> (comment_id is null))
) strict;
create index attachments_of_post on attachments (post_id) where post_id is not null;
create index attachments_of_comment on attachments (comment_id) where comment_id is not null;

create table feed_entries (
    -- What the feed showed, in its order.
    call_id integer not null references calls (id),  -- the call of the page
    position integer not null,      -- 0 for the first item of the page
    rank integer not null,          -- 1 for the first item of the walk
    post_id integer not null references posts (id),
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index feed_entries_of_post on feed_entries (post_id);

create table leaderboard_entries (
    -- What the cameo leaderboard showed, in its order.
    call_id integer not null references calls (id),  -- the call of the page
    position integer not null,      -- 0 for the first item of the page
    rank integer not null,          -- 1 for the first item of the walk
    user_id integer not null references users (id),
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index leaderboard_entries_of_user on leaderboard_entries (user_id);

create table search_results (
    -- Which users a search found.
    call_id integer not null references calls (id),
    position integer not null,      -- 0 for the first hit
    query text not null,            -- the search text
    user_id integer not null references users (id),
    token text,                     -- the token that mentions the user in a comment
    observed_at real not null,
    primary key (call_id, position)
) strict, without rowid;
create index search_results_of_query on search_results (query);

pragma user_version = 3;
