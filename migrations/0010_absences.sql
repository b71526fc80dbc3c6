-- What the remote no longer shows, by the strength of the evidence; names that users had before; follows that ended.

create table absences (
    -- What later replies lack, with the evidence. If a reply shows it again, the row stays, with that call.
    id integer primary key,
    kind text not null constraint absence_kind
        check (kind in ('user', 'post', 'comment', 'follow', 'appearance', 'remix')),
    item_id integer not null,       -- the id of the user, post or comment; of a follow the follower, of an appearance the
                                    -- user, of a remix the remix
    of_id integer not null default 0, -- of a follow the followed user, of an appearance the post, of a remix its parent;
                                    -- 0 for other kinds
    last_seen_call_id integer references calls (id),                -- the last call that showed it; null: none described it
    first_missed_call_id integer not null references calls (id),    -- the call that ended the first pass without it, or the first 404
    last_missed_call_id integer not null references calls (id),     -- the latest such call
    times integer not null,         -- number of such calls
    verdict text not null constraint absence_verdict check (verdict in ('missed', 'unseen', 'gone')),
        -- missed: once, or within a day; unseen: twice, at least a day apart; gone: the vendor says so
    reason text not null constraint absence_reason check (reason in ('not_listed', 'owner_gone', 'not_found')),
        -- not_listed: a list that reached its end lacks it; owner_gone: whose list it was is gone; not_found: a 404 names it
    confirmed_call_id integer references calls (id),                -- the call whose 404 names it
    cleared_call_id integer references calls (id),                  -- the call that showed it again
    constraint gone_by_the_vendors_word check ((verdict = 'gone') = (confirmed_call_id is not null)),
    constraint missed_at_least_once check (times > 0 and first_missed_call_id <= last_missed_call_id)
) strict;
create index absences_of_item on absences (kind, item_id, of_id);
create unique index absences_open on absences (kind, item_id, of_id) where cleared_call_id is null;

create table user_names (
    -- Names that users had before their present one. A name can have been given to another user since.
    user_id integer not null references users (id),
    username text not null,
    until_call_id integer not null references calls (id),   -- the call that first showed the next name
    primary key (user_id, until_call_id)
) strict, without rowid;
create index user_names_username on user_names (username collate nocase);

-- The names before this version are only in the raw replies.
insert into settings select 'names_since_call', max(id) from calls having max(id) is not null;

create trigger user_names_change after update of username on users
when old.username is not null and new.username is not old.username begin
    insert into user_names values (new.id, old.username, new.last_call_id) on conflict do nothing;
end;

drop view follow_edges;
create view follow_edges as
    -- Who follows whom, with names. A follow that two passes missed has ended between two times.
    select follower.user_id as follower_user_id, follower.username as follower_username,
           followed.user_id as followed_user_id, followed.username as followed_username,
           e.first_call_id, f.settled_at as first_seen_at, e.last_call_id, l.settled_at as last_seen_at,
           iif(x.id is null, null, l.settled_at) as ended_after_at, m.settled_at as ended_before_at
    from follows e
    join users follower on follower.id = e.follower_id
    join users followed on followed.id = e.followed_id
    join calls f on f.id = e.first_call_id
    join calls l on l.id = e.last_call_id
    left join absences x on x.kind = 'follow' and x.item_id = e.follower_id and x.of_id = e.followed_id
        and x.cleared_call_id is null and x.verdict <> 'missed'
    left join calls m on m.id = x.first_missed_call_id;

create view absence_history as
    -- Everything that replies lacked, also what they showed again later.
    select a.kind, coalesce(u.user_id, p.post_id, c.comment_id) as id, coalesce(of_u.user_id, of_p.post_id) as of_id,
           a.verdict, a.reason, a.times, seen.settled_at as last_seen_at, first.settled_at as first_missed_at,
           last.settled_at as last_missed_at, said.settled_at as confirmed_at, again.settled_at as seen_again_at
    from absences a
    left join users u on a.kind in ('user', 'follow', 'appearance') and u.id = a.item_id
    left join posts p on a.kind in ('post', 'remix') and p.id = a.item_id
    left join comments c on a.kind = 'comment' and c.id = a.item_id
    left join users of_u on a.kind = 'follow' and of_u.id = a.of_id
    left join posts of_p on a.kind in ('appearance', 'remix') and of_p.id = a.of_id
    left join calls seen on seen.id = a.last_seen_call_id
    join calls first on first.id = a.first_missed_call_id
    join calls last on last.id = a.last_missed_call_id
    left join calls said on said.id = a.confirmed_call_id
    left join calls again on again.id = a.cleared_call_id;

create view absent as
    -- What the remote does not show now: missed once, unseen twice, or gone by its own word.
    select kind, id, of_id, verdict, reason, times, last_seen_at, first_missed_at, last_missed_at,
           confirmed_at as gone_at
    from absence_history where seen_again_at is null
    union all
    select 'post', post_id, null, 'gone', 'tombstoned', 0, null, null, null, tombstoned_at
    from posts where tombstoned_at is not null
    union all
    select 'comment', comment_id, null, 'gone', 'tombstoned', 0, null, null, null, tombstoned_at
    from comments where tombstoned_at is not null;

create view follow_intervals as
    -- When each follow was there: it began by the first time, was last seen at the second, and had ended by the third,
    -- which is null for a follow that is not known to have ended.
    select follower.user_id as follower_user_id, followed.user_id as followed_user_id,
           begin.settled_at as first_seen_at, last.settled_at as last_seen_at, ended.settled_at as ended_before_at
    from (
        select e.follower_id, e.followed_id,
               coalesce(max(x.cleared_call_id) over (partition by e.follower_id, e.followed_id order by x.id
                   rows between unbounded preceding and 1 preceding), e.first_call_id) as begin_call_id,
               x.last_seen_call_id as last_call_id, x.first_missed_call_id as ended_call_id
        from follows e
        join absences x on x.kind = 'follow' and x.item_id = e.follower_id and x.of_id = e.followed_id
            and x.verdict <> 'missed'
        union all
        select e.follower_id, e.followed_id, coalesce(max(x.cleared_call_id), e.first_call_id), e.last_call_id, null
        from follows e
        left join absences x on x.kind = 'follow' and x.item_id = e.follower_id and x.of_id = e.followed_id
            and x.verdict <> 'missed'
        group by e.follower_id, e.followed_id
        having count(*) = count(x.cleared_call_id) or count(x.id) = 0
    ) i
    join users follower on follower.id = i.follower_id
    join users followed on followed.id = i.followed_id
    join calls begin on begin.id = i.begin_call_id
    join calls last on last.id = i.last_call_id
    left join calls ended on ended.id = i.ended_call_id;

create view names_of_users as
    -- Every name of every user, and until when: null for the present one.
    select u.user_id, n.username, c.settled_at as until_at
    from user_names n join users u on u.id = n.user_id join calls c on c.id = n.until_call_id
    union all
    select user_id, username, null from users where username is not null;

pragma user_version = 10;
