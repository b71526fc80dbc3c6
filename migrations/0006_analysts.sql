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

-- A new last column leaves the rows as they are, so only the text of the table changes (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '    version text not null,          -- of soracrawl
', '    version text not null,          -- of soracrawl
    plan text,                      -- the section [crawl] of its configuration, as JSON; null for a call by hand
')
    where type = 'table' and name = 'runs';
pragma writable_schema = reset;

create table refusals (
    -- How many subjects that the replies of a job showed the plan did not follow, and why.
    job_id integer not null references jobs (id),
    kind text not null,             -- user, post or comment
    reason text not null constraint refusal_reason check (reason in ('depth', 'filter', 'parent_cap')),
        -- depth: deeper than crawl.max_depth; filter: crawl.filter; parent_cap: crawl.max_per_parent
    subjects integer not null,      -- how often such a subject was not followed
    primary key (job_id, kind, reason)
) strict, without rowid;

create view completeness as
    -- What the remote counts of each list, what is archived of it, and why the rest is missing: one row for each subject and
    -- list that has a count or a job. A negative number: more is archived than the remote counted last.
    with plan (text) as (select plan from runs where plan is not null order by id desc limit 1),
    lists (kind, subject_kind, endpoint, switch) as (values
        ('posts', 'user', 'get_user_posts', '$.posts'),
        ('followers', 'user', 'get_user_followers', '$.followers'),
        ('following', 'user', 'get_user_following', '$.following'),
        ('appearances', 'user', 'get_user_cameo_appearances', '$.appearances'),
        ('comments', 'post', 'get_post_comments', '$.comments'),
        ('remixes', 'post', 'get_post_remix_list', '$.remixes')),
    subjects (kind, id, subject_id, known_count, known_at, collected_count, first_call_id, last_call_id, author_id, passes)
    as (
        select l.kind, u.id, u.user_id,
            case l.kind when 'posts' then u.post_count when 'followers' then u.follower_count
                when 'following' then u.following_count else u.cameo_count end,
            u.counted_at,
            case l.kind when 'posts' then (select count(*) from posts where author_id = u.id)
                when 'followers' then (select count(*) from follows where followed_id = u.id)
                when 'following' then (select count(*) from follows where follower_id = u.id)
                else (select count(*) from appearances where user_id = u.id) end,
            u.first_call_id, u.last_call_id, null,
            coalesce(u.follower_count >= (select text ->> '$.filter.min_followers' from plan),
                (select text ->> '$.filter.min_followers' from plan) is null)
        from users u join lists l on l.subject_kind = 'user'
        union all
        select l.kind, p.id, p.post_id,
            case l.kind when 'comments' then coalesce(p.recursive_reply_count, p.reply_count) else p.remix_count end,
            p.counted_at,
            case when l.kind = 'remixes' then (select count(*) from remixes where parent_post_id = p.id)
                when p.recursive_reply_count is null then
                    (select count(*) from comments where post_id = p.id and parent_comment_id is null)
                else (select count(*) from comments where post_id = p.id) end,
            p.first_call_id, p.last_call_id, p.author_id,
            coalesce(p.like_count >= (select text ->> '$.filter.min_likes' from plan),
                (select text ->> '$.filter.min_likes' from plan) is null)
            and coalesce(p.posted_at > (select text ->> '$.filter.posted_after' from plan),
                (select text ->> '$.filter.posted_after' from plan) is null)
        from posts p join lists l on l.subject_kind = 'post'),
    looked (kind, subject_kind, id, subject_id, known_count, known_at, collected_count, missing_count, state, stop_reason,
            followed, passes, first_job_id, last_job_id, author_job_id, job_id) as (
        select s.kind, l.subject_kind, s.id, s.subject_id, s.known_count, s.known_at, s.collected_count,
            s.known_count - s.collected_count, j.state, j.stop_reason, (select text ->> l.switch from plan), s.passes,
            (select job_id from calls where calls.id = s.first_call_id),
            (select job_id from calls where calls.id = s.last_call_id),
            (select a.id from users u join jobs a on a.endpoint = 'get_user_posts' and a.subject = u.user_id
             where u.id = s.author_id),
            j.id
        from subjects s
        join lists l on l.kind = s.kind
        left join jobs j on j.endpoint = l.endpoint and j.subject = s.subject_id
        where s.known_count is not null or j.id is not null)
    select kind, subject_kind, subject_id, known_count, known_at, collected_count, missing_count,
        case when state is null then iif(missing_count > 0, 'never_asked', 'done')
            when state in ('ready', 'waiting', 'leased') then 'outstanding'
            when state = 'done' and missing_count > 0 then 'partial'
            else state end as state,
        stop_reason,
        case when state is null and coalesce(missing_count, 0) <= 0 then null
            when state is null and followed = 0 then 'not_followed'
            when state is null and not passes and exists (select 1 from refusals r
                where r.job_id in (first_job_id, last_job_id, author_job_id) and r.kind = subject_kind and r.reason = 'filter') then 'filter'
            when state is null then (select reason from refusals r
                where r.job_id in (first_job_id, last_job_id, author_job_id) and r.kind = subject_kind and r.reason <> 'filter'
                order by reason = 'depth' limit 1)
            when state in ('ready', 'waiting', 'leased') then 'outstanding'
            when stop_reason = 'capped' then 'page_cap'
            when stop_reason <> 'complete' then stop_reason
            when kind = 'comments' and missing_count > 0 then coalesce(
                (select case when r.state in ('ready', 'waiting', 'leased') then 'outstanding'
                     when r.stop_reason = 'capped' then 'page_cap' else r.stop_reason end
                 from comments c join jobs r on r.endpoint = 'get_comment_replies' and r.subject = c.comment_id
                 where c.post_id = looked.id and r.state <> 'done' order by 1 limit 1),
                (select reason from refusals r where r.job_id = looked.job_id and r.kind = 'comment'
                 order by reason limit 1),
                'list_ended')
            when missing_count > 0 then 'list_ended' end as why
    from looked;

create view provenance as
    -- How each user, post and comment came into the archive: the seed, the steps from it, and the call that showed it first.
    select e.kind, e.id, s.kind as seed_kind, s.subject as seed_subject, j.depth, c.endpoint as via_endpoint,
           c.subject as via_subject, e.first_call_id, c.settled_at as first_seen_at
    from (select 'user' as kind, user_id as id, first_call_id from users
          union all select 'post', post_id, first_call_id from posts
          union all select 'comment', comment_id, first_call_id from comments) e
    join calls c on c.id = e.first_call_id
    left join jobs j on j.id = c.job_id
    left join seeds s on s.id = j.seed_id;

-- What the plan of earlier runs did not follow is counted when their kept replies are planned again, at no cost.
update jobs set replan = 1, led_to = 0 where pages > 0;

-- Pages kept before this version have texts that are not read yet. A run reads them from the kept replies, and removes
-- this row when it is done. The value is the last group of pages that has been read.
insert into settings select 'entities_after_group', min(kept_group) - 1 from calls where kept_group is not null
    having count(*) > 0;

pragma user_version = 6;
