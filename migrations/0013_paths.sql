-- The shape of the remote's replies, to tell when it changes.

create table paths (
    -- Each path of an endpoint's replies, as far as upkeep has looked at them: it looks at some of the newest now and then.
    endpoint text not null,
    path text not null,             -- such as data.items[].post.like_count, with * for keys that are values; empty: the reply
    types text not null,            -- JSON: each type, with the number of the first reply that had it
    is_read integer not null constraint path_is_read_flag check (is_read in (0, 1)), -- 1: a reader asks for it
    times integer not null,         -- replies that have it
    first_reply integer not null,   -- the number of the first such reply, among those that were looked at
    last_reply integer not null,    -- the number of the last one
    first_call_id integer not null references calls (id),   -- the call of the first one
    last_call_id integer not null references calls (id),    -- the call of the last one
    mark text constraint path_mark check (mark in ('new', 'vanished', 'retyped')),
        -- new: first seen when the endpoint was well known; vanished: always there until then; retyped: it got another type
    marked_at real,                 -- when the change was noticed
    primary key (endpoint, path),
    constraint marked_at_a_time check ((mark is null) = (marked_at is null))
) strict, without rowid;

pragma user_version = 13;
