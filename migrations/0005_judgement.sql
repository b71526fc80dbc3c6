-- Subjects that the remote denies, reasons of cooldowns, and the parts of replies that did not parse.

-- A wider check and a new last column leave the rows as they are, so only the text of the table changes
-- (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '''capped'', ''stalled'', ''truncated'', ''budget'', ''failed'')',
    '''denied'', ''cancelled'', ''capped'', ''stalled'', ''truncated'', ''budget'', ''failed'')')
    where type = 'table' and name = 'jobs';
update sqlite_schema set sql = replace(sql, '    ended_at real,
', '    ended_at real,
    repeated_pages integer not null default 0,  -- those of stale_pages whose items came before; the others were empty
')
    where type = 'table' and name = 'jobs';
pragma writable_schema = reset;

drop table cooldowns;
create table cooldowns (
    -- Until when an endpoint is not called, and why. A restart keeps it.
    endpoint text primary key,      -- empty: no endpoint is called
    until real not null,
    cause text not null constraint cooldown_cause check (cause in ('throttled', 'blocked', 'failing', 'outage')),
    why text not null               -- the error that began it
) strict, without rowid;

create table odd_items (
    -- Parts of kept replies that did not parse. The rest of the page is in the archive, and the raw reply has all of it.
    call_id integer not null references calls (id),
    position integer not null,      -- order within the reply, from 0
    at text not null,               -- path in the reply, such as data.items[3].post.like_count
    why text not null,              -- what was expected and what was found
    primary key (call_id, position)
) strict, without rowid;

-- Pages kept before have a count and no rows. `soracrawl verify` reads this number.
insert into settings select 'odd_items_after_call', coalesce(max(id), 0) from calls;

pragma user_version = 5;
