-- The ledger: every request, what it cost, and the raw reply.

create table calls (
    -- One request. Its row is written before the request is sent.
    id integer primary key,
    run_id integer not null references runs (id),
    job_id integer references jobs (id),        -- null for a call made by hand
    seed_id integer references seeds (id),      -- the seed whose budget it counts against
    endpoint text not null,
    subject text not null,          -- the argument of the call; for a call by hand all parameters as JSON
    cursor text,                    -- the cursor that was sent; null at the head
    next_cursor text,               -- the cursor in the reply
    day text not null,              -- the UTC day whose budget it counts against, YYYY-MM-DD
    outcome text not null constraint call_outcome
        check (outcome in ('open', 'answered', 'never_sent', 'unknown')),
        -- open: sent, or about to be; unknown: no answer, perhaps billed
    kept integer not null default 0 constraint kept_is_flag check (kept in (0, 1)), -- 1: its page is in the archive
    kept_group integer,             -- pages with the same number were kept in one transaction; read again in this
                                    -- order, the raw replies reproduce the archive
    cost_micro_usd integer not null,            -- the reserved price while open, then the charge
    http_status integer,            -- null if no answer came
    error text,                     -- what was wrong with the answer; null if nothing was
    request_id text,                -- the remote's id of the request
    opened_at real not null,        -- when the row was written
    settled_at real,                -- when the call was settled
    items integer,                  -- items on the page
    row_count integer,              -- rows in the reply
    odd_items integer,              -- items and fields that did not parse
    item_hashes blob,               -- 8 bytes for each item id of the page, to recognise a repeated page
    body_bytes integer,             -- size of the reply as received
    body blob,                      -- the reply without secrets, compressed with zstd
    constraint open_until_settled check ((outcome = 'open') = (settled_at is null)),
    constraint kept_was_answered check (kept = 0 or outcome = 'answered'),
    constraint kept_in_a_group check (kept = (kept_group is not null)),
    constraint cost_is_not_negative check (cost_micro_usd >= 0)
) strict;

create index calls_of_job on calls (job_id, id) where job_id is not null;
create index calls_open on calls (run_id) where outcome = 'open';
create index calls_kept on calls (kept_group) where kept_group is not null;

create table spend (
    -- What each budget has been charged. Triggers maintain it in the transaction of the call.
    scope text not null constraint spend_scope check (scope in ('total', 'day', 'run', 'seed')),
    name text not null,             -- the day, the run's id, the seed's id; empty for the total
    micro_usd integer not null,     -- charged and reserved so far
    primary key (scope, name)
) strict, without rowid;

create trigger spend_reserve after insert on calls when new.cost_micro_usd > 0 begin
    insert into spend values ('total', '', new.cost_micro_usd), ('day', new.day, new.cost_micro_usd),
        ('run', new.run_id, new.cost_micro_usd), ('seed', coalesce(new.seed_id, 0), new.cost_micro_usd)
    on conflict do update set micro_usd = micro_usd + excluded.micro_usd;
end;

create trigger spend_settle after update of cost_micro_usd on calls
when new.cost_micro_usd <> old.cost_micro_usd begin
    update spend set micro_usd = micro_usd + new.cost_micro_usd - old.cost_micro_usd
    where (scope, name) in (values ('total', ''), ('day', new.day), ('run', cast(new.run_id as text)),
        ('seed', cast(coalesce(new.seed_id, 0) as text)));
end;

create table call_totals (
    -- Calls by day and endpoint. A trigger maintains it, so that `status` never reads the ledger.
    day text not null,
    endpoint text not null,
    answered integer not null,      -- calls with an answer of any kind
    kept integer not null,          -- calls whose page is in the archive
    unknown integer not null,       -- calls without an answer, perhaps billed
    never_sent integer not null,    -- calls that were not sent, so not billed
    refused integer not null,       -- calls with status 429
    cost_micro_usd integer not null, -- charged
    items integer not null,         -- items on the pages kept
    row_count integer not null,     -- rows in the replies
    odd_items integer not null,     -- items and fields that did not parse
    body_bytes integer not null,    -- size of the replies as received
    primary key (day, endpoint)
) strict, without rowid;

create trigger call_totals_settle after update of outcome on calls
when old.outcome = 'open' and new.outcome <> 'open' begin
    insert into call_totals values (new.day, new.endpoint,
        new.outcome = 'answered', new.kept, new.outcome = 'unknown', new.outcome = 'never_sent',
        coalesce(new.http_status, 0) = 429, new.cost_micro_usd, coalesce(new.items, 0),
        coalesce(new.row_count, 0), coalesce(new.odd_items, 0), coalesce(new.body_bytes, 0))
    on conflict do update set answered = answered + excluded.answered, kept = kept + excluded.kept,
        unknown = unknown + excluded.unknown, never_sent = never_sent + excluded.never_sent,
        refused = refused + excluded.refused, cost_micro_usd = cost_micro_usd + excluded.cost_micro_usd,
        items = items + excluded.items, row_count = row_count + excluded.row_count,
        odd_items = odd_items + excluded.odd_items, body_bytes = body_bytes + excluded.body_bytes;
end;

create table dictionaries (
    -- The zstd dictionaries of raw replies: at most one for each endpoint, made once and never changed.
    id integer primary key,         -- zstd's own id, which every frame made with it names
    endpoint text not null unique,  -- whose replies are compressed with it, from the moment it exists
    made_at real not null,
    replies integer not null,       -- number of kept replies that it was trained with
    checksum integer not null,      -- FNV-1a, 64 bits, of the dictionary as it was made
    dictionary blob not null        -- as zstd takes it: `zstd -D`
) strict;

pragma user_version = 2;
