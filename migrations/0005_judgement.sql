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

-- 401, 402 and 403 refuse; 429 throttles.
alter table call_totals rename column refused to throttled;

create trigger call_totals_keep after update of kept on calls
when old.outcome <> 'open' and old.kept = 0 and new.kept = 1 begin
    -- The rows of a stored reply are kept later than the reply.
    update call_totals set kept = kept + 1, items = items + coalesce(new.items, 0),
        row_count = row_count + coalesce(new.row_count, 0), odd_items = odd_items + coalesce(new.odd_items, 0)
    where day = new.day and endpoint = new.endpoint;
end;

-- Only the search for a name resolves it. Walks of a user whom an archive knew by name were marked too, and ended after
-- their first page as gone. They go on from there.
update jobs set resolves_name = 0, state = 'ready', stop_reason = null, note = null, ended_at = null,
        cursor = (select next_cursor from calls where calls.job_id = jobs.id and kept = 1 order by id desc limit 1)
    where resolves_name = 1 and stop_reason = 'gone' and pages > 0 and (subject glob 'user-*' or subject glob 'ch_*')
      and exists (select 1 from calls where calls.job_id = jobs.id and kept = 1 and next_cursor is not null);
update jobs set resolves_name = 0, stop_reason = 'complete', note = null
    where resolves_name = 1 and stop_reason = 'gone' and pages > 0 and (subject glob 'user-*' or subject glob 'ch_*');
update jobs set resolves_name = 0 where resolves_name = 1 and (subject glob 'user-*' or subject glob 'ch_*');

-- Pages kept before have a count and no rows. `soracrawl verify` reads this number.
insert into settings select 'odd_items_after_call', coalesce(max(id), 0) from calls;

pragma user_version = 5;
