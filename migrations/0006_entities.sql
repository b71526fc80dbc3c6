-- What texts refer to, reposts, and views of who interacts with whom.

create table post_entities (
    -- What the texts of posts refer to: users, hashtags and URLs.
    post_id integer not null references posts (id),
    kind text not null constraint post_entity_kind check (kind in ('facet', 'token', 'name', 'hashtag', 'url')),
        -- facet: a user whom the remote marks beside the text; token: a user, by <@user-…>; name: a user, by @name
    value text not null,            -- a user id, a name or hashtag in lower case without its sign, or a URL
    user_id integer references users (id),  -- the user of a facet or token
    first_call_id integer not null references calls (id),   -- the first call that showed it
    primary key (post_id, kind, value)
) strict, without rowid;
create index post_entities_by_value on post_entities (value, kind);

create table comment_entities (
    -- What the texts of comments refer to: users, hashtags and URLs.
    comment_id integer not null references comments (id),
    kind text not null constraint comment_entity_kind check (kind in ('facet', 'token', 'name', 'hashtag', 'url')),
        -- facet: a user whom the remote marks beside the text; token: a user, by <@user-…>; name: a user, by @name
    value text not null,            -- a user id, a name or hashtag in lower case without its sign, or a URL
    user_id integer references users (id),  -- the user of a facet or token
    first_call_id integer not null references calls (id),   -- the first call that showed it
    primary key (comment_id, kind, value)
) strict, without rowid;
create index comment_entities_by_value on comment_entities (value, kind);

create table reposts (
    -- Who reposted which post, and whose post a repost shows again.
    post_id integer not null references posts (id),
    role text not null constraint repost_role check (role in ('reposter', 'original')),
        -- reposter: the user reposted the post; original: the post is a repost of a post of the user
    user_id integer not null references users (id),
    first_call_id integer not null references calls (id),   -- the first call that showed it
    primary key (post_id, role, user_id)
) strict, without rowid;
create index reposts_of_user on reposts (user_id, role);

create index comments_of_author on comments (author_id);
create index posts_by_time on posts (posted_at);
create index posts_of_parent on posts (parent_id) where parent_id is not null;
create index posts_of_root on posts (root_id) where root_id is not null;
create index posts_of_original on posts (repost_of_id) where repost_of_id is not null;

create view mentions as
    -- Who mentions whom in a post or a comment. A name in a text is taken for the user whom a reply showed last under it.
    select p.post_id, null as comment_id, a.user_id as author_user_id, a.username as author_username,
           coalesce(u.user_id, n.user_id) as user_id, coalesce(u.username, n.username) as username,
           e.kind as source, e.value, p.posted_at, e.first_call_id
    from post_entities e
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id
    left join users u on u.id = e.user_id
    left join users n on e.kind = 'name' and n.id = (select id from users where username = e.value collate nocase
        order by last_call_id desc, id desc limit 1)
    where e.kind in ('facet', 'token', 'name')
    union all
    select p.post_id, c.comment_id, a.user_id, a.username, coalesce(u.user_id, n.user_id),
           coalesce(u.username, n.username), e.kind, e.value, c.posted_at, e.first_call_id
    from comment_entities e
    join comments c on c.id = e.comment_id
    left join posts p on p.id = c.post_id
    left join users a on a.id = c.author_id
    left join users u on u.id = e.user_id
    left join users n on e.kind = 'name' and n.id = (select id from users where username = e.value collate nocase
        order by last_call_id desc, id desc limit 1)
    where e.kind in ('facet', 'token', 'name');

create view text_entities as
    -- The hashtags and URLs in the texts of posts and comments.
    select p.post_id, null as comment_id, a.user_id as author_user_id, e.kind, e.value, p.posted_at, e.first_call_id
    from post_entities e
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id
    where e.kind in ('hashtag', 'url')
    union all
    select p.post_id, c.comment_id, a.user_id, e.kind, e.value, c.posted_at, e.first_call_id
    from comment_entities e
    join comments c on c.id = e.comment_id
    left join posts p on p.id = c.post_id
    left join users a on a.id = c.author_id
    where e.kind in ('hashtag', 'url');

create view repost_edges as
    -- Who reposted which post of whom. A repost that is a post of its own has its id and its time.
    select p.post_id, u.user_id as reposter_user_id, u.username as reposter_username, a.user_id as author_user_id,
           a.username as author_username, null as repost_post_id, null as posted_at, e.first_call_id
    from reposts e
    join posts p on p.id = e.post_id
    join users u on u.id = e.user_id
    left join users a on a.id = p.author_id
    where e.role = 'reposter'
    union all
    select origin.post_id, a.user_id, a.username, o.user_id, o.username, p.post_id, p.posted_at, p.first_call_id
    from posts p
    left join reposts e on e.post_id = p.id and e.role = 'original'
    left join posts origin on origin.id = p.repost_of_id
    left join users a on a.id = p.author_id
    left join users o on o.id = coalesce(origin.author_id, e.user_id)
    where p.repost_of_id is not null or e.user_id is not null;

create view interaction_edges as
    -- Who interacts with whom, how, where and when: one row for each interaction.
    select c_author.user_id as source_user_id, c_author.username as source_username,
           p_author.user_id as target_user_id, p_author.username as target_username,
           'comment' as kind, p.post_id, c.comment_id, c.posted_at as at
    from comments c
    join posts p on p.id = c.post_id
    join users c_author on c_author.id = c.author_id
    join users p_author on p_author.id = p.author_id
    where c.parent_comment_id is null
    union all
    select c_author.user_id, c_author.username, to_author.user_id, to_author.username, 'reply', p.post_id,
           c.comment_id, c.posted_at
    from comments c
    join comments parent on parent.id = c.parent_comment_id
    join users c_author on c_author.id = c.author_id
    join users to_author on to_author.id = parent.author_id
    left join posts p on p.id = c.post_id
    union all
    select author_user_id, author_username, user_id, username, 'mention', post_id, comment_id, posted_at
    from mentions
    where author_user_id is not null and user_id is not null
    group by post_id, comment_id, user_id
    union all
    select a.user_id, a.username, to_author.user_id, to_author.username, 'remix', p.post_id, null, p.posted_at
    from remixes e
    join posts p on p.id = e.post_id
    join posts parent on parent.id = e.parent_post_id
    join users a on a.id = p.author_id
    join users to_author on to_author.id = parent.author_id
    union all
    select reposter_user_id, reposter_username, author_user_id, author_username, 'repost', post_id, null, posted_at
    from repost_edges
    where reposter_user_id is not null and author_user_id is not null
    union all
    select a.user_id, a.username, u.user_id, u.username, 'appearance', p.post_id, null, p.posted_at
    from appearances e
    join posts p on p.id = e.post_id
    join users u on u.id = e.user_id
    join users a on a.id = p.author_id
    union all
    select follower.user_id, follower.username, followed.user_id, followed.username, 'follow', null, null, null
    from follows e
    join users follower on follower.id = e.follower_id
    join users followed on followed.id = e.followed_id;

drop view comment_tree;
create view comment_tree as
    -- Every comment with its post, its depth (0 answers the post) and a path to sort by. Comments that answer each other in
    -- a circle, and the replies to them, also have depth 0, together with a parent.
    select p.post_id, c.comment_id, parent.comment_id as parent_comment_id,
           coalesce((
               with recursive up (id, parent_id, depth) as (
                   select c.id, c.parent_comment_id, 0
                   union all
                   select above.id, above.parent_comment_id, up.depth + 1
                   from up join comments above on above.id = up.parent_id where up.depth < 100)
               select depth from up where parent_id is null), 0) as depth,
           a.user_id as author_user_id, a.username as author_username, c.text, c.posted_at, c.tombstoned_at,
           c.like_count, c.reply_count, c.recursive_reply_count,
           coalesce((
               with recursive up (parent_id, depth, path) as (
                   select c.parent_comment_id, 0, printf('%020.6f/%s', coalesce(c.posted_at, 0), c.comment_id)
                   union all
                   select above.parent_comment_id, up.depth + 1,
                       printf('%020.6f/%s %s', coalesce(above.posted_at, 0), above.comment_id, up.path)
                   from up join comments above on above.id = up.parent_id where up.depth < 100)
               select path from up where parent_id is null),
               printf('%020.6f/%s', coalesce(c.posted_at, 0), c.comment_id)) as path,
           c.first_call_id, c.last_call_id
    from comments c
    left join posts p on p.id = c.post_id
    left join comments parent on parent.id = c.parent_comment_id
    left join users a on a.id = c.author_id;

drop view remix_edges;
create view remix_edges as
    -- Which post was made from which, by whom and when.
    select p.post_id, parent.post_id as parent_post_id, a.user_id as author_user_id, a.username as author_username,
           p.posted_at, o.user_id as parent_author_user_id, o.username as parent_author_username,
           parent.posted_at as parent_posted_at, e.first_call_id, f.settled_at as first_seen_at,
           e.last_call_id, l.settled_at as last_seen_at
    from remixes e
    join posts p on p.id = e.post_id
    join posts parent on parent.id = e.parent_post_id
    left join users a on a.id = p.author_id
    left join users o on o.id = parent.author_id
    join calls f on f.id = e.first_call_id
    join calls l on l.id = e.last_call_id;

drop view appearance_edges;
create view appearance_edges as
    -- Which users appear in which posts, with names.
    select u.user_id, u.username, p.post_id, a.user_id as author_user_id, a.username as author_username, p.posted_at,
           e.first_call_id, f.settled_at as first_seen_at, e.last_call_id, l.settled_at as last_seen_at
    from appearances e
    join users u on u.id = e.user_id
    join posts p on p.id = e.post_id
    left join users a on a.id = p.author_id
    join calls f on f.id = e.first_call_id
    join calls l on l.id = e.last_call_id;

-- Pages kept before this version have texts that are not read yet. A run reads them from the kept replies, and removes
-- this row when it is done. The value is the last group of pages that has been read.
insert into settings select 'entities_after_group', min(kept_group) - 1 from calls where kept_group is not null
    having count(*) > 0;

pragma user_version = 6;
