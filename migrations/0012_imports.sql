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

pragma user_version = 12;
