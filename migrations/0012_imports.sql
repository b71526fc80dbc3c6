-- Replies that came from files instead of the remote.

-- A new last column and wider checks leave the rows as they are, so only the text of the tables changes
-- (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '''never_sent'', ''unknown'')),
', '''never_sent'', ''unknown'', ''imported'')),
')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, 'unknown: no answer, perhaps billed
', 'unknown: no answer, perhaps billed;
        -- imported: its reply came from a file, for nothing, and its times are those of the reply
')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, 'kept = 0 or outcome = ''answered''',
    'kept = 0 or outcome in (''answered'', ''imported'')')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, '-- null for a call made by hand',
    '-- null for a call made by hand, and for an imported reply that no job asked for')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, '(''run'', ''call'')', '(''run'', ''call'', ''import'')')
    where type = 'table' and name = 'runs';
pragma writable_schema = reset;

-- A job that needs a page looks for an imported reply first.
create index calls_without_job on calls (endpoint, subject, cursor) where job_id is null;

create table sources (
    -- Files that replies were imported from.
    id integer primary key,
    file text not null unique,      -- its absolute path
    kind text not null constraint source_kind check (kind in ('json', 'jsonl', 'har', 'warc', 'archive')),
    first_imported_at real not null,
    last_imported_at real not null
) strict;

create table imports (
    -- Where the reply of an imported call came from.
    call_id integer primary key references calls (id),
    source_id integer not null references sources (id),
    entry text not null,            -- its place in the file: "line 3", "entry 5", "record at byte 0", "call 7"
    sha256 blob not null            -- of the reply as it was in the file
) strict;
create index imports_sha256 on imports (sha256);

-- An imported call is settled from the beginning.
create trigger call_totals_import after insert on calls when new.outcome = 'imported' begin
    insert into call_totals values (new.day, new.endpoint, 0, new.kept, 0, 0, 0, new.cost_micro_usd,
        coalesce(new.items, 0), coalesce(new.row_count, 0), coalesce(new.odd_items, 0), coalesce(new.body_bytes, 0))
    on conflict do update set kept = kept + excluded.kept, cost_micro_usd = cost_micro_usd + excluded.cost_micro_usd,
        items = items + excluded.items, row_count = row_count + excluded.row_count,
        odd_items = odd_items + excluded.odd_items, body_bytes = body_bytes + excluded.body_bytes;
end;
create trigger call_hours_import after insert on calls when new.outcome = 'imported' begin
    insert into call_hours values (cast(new.settled_at / 3600 as integer) * 3600, new.endpoint, 0, new.kept,
        new.cost_micro_usd)
    on conflict do update set kept = kept + excluded.kept, cost_micro_usd = cost_micro_usd + excluded.cost_micro_usd;
end;

drop trigger call_totals_keep;
create trigger call_totals_keep after update of kept on calls
when old.outcome <> 'open' and old.kept = 0 and new.kept = 1 begin
    -- The rows of a stored reply are kept later than the reply.
    update call_totals set kept = kept + 1, items = items + coalesce(new.items, 0),
        row_count = row_count + coalesce(new.row_count, 0), odd_items = odd_items + coalesce(new.odd_items, 0),
        body_bytes = body_bytes + coalesce(new.body_bytes, 0) - coalesce(old.body_bytes, 0)
    where day = new.day and endpoint = new.endpoint;
end;

drop view provenance;
create view provenance as
    -- How each user, post and comment came into the archive: the seed, the steps from it, and the call that showed it first.
    -- An imported call has the file and the place in it.
    select e.kind, e.id, s.kind as seed_kind, s.subject as seed_subject, j.depth, c.endpoint as via_endpoint,
           c.subject as via_subject, e.first_call_id, c.settled_at as first_seen_at, f.file as source_file,
           i.entry as source_entry
    from (select 'user' as kind, user_id as id, first_call_id from users
          union all select 'post', post_id, first_call_id from posts
          union all select 'comment', comment_id, first_call_id from comments) e
    join calls c on c.id = e.first_call_id
    left join jobs j on j.id = c.job_id
    left join seeds s on s.id = j.seed_id
    left join imports i on i.call_id = c.id
    left join sources f on f.id = i.source_id;

pragma user_version = 12;
