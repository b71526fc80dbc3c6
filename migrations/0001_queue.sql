-- The queue: what to fetch. Comments are inside the parentheses, where SQLite keeps them, so that `sqlite3 FILE .schema`
-- is a dictionary. All times are Unix seconds.

-- 'sora': identifies an archive of soracrawl, for this program and for `file`.
pragma application_id = 0x736f7261;

create table runs (
    -- One process that may send calls: a daemon or one `soracrawl call`.
    id integer primary key,
    kind text not null constraint run_kind check (kind in ('run', 'call')),
    started_at real not null,
    ended_at real,          -- null while the process works; the next daemon continues the run of one that died
    end_reason text,        -- idle, signal, budget, refused, failed, unconfirmed
    pid integer not null,           -- of the last process of the run
    version text not null,          -- of soracrawl
    constraint ended_run_has_reason check ((ended_at is null) = (end_reason is null))
) strict;

create table seeds (
    -- What users asked to crawl.
    id integer primary key,
    kind text not null constraint seed_kind
        check (kind in ('user', 'name', 'post', 'search', 'feed', 'leaderboard')),
    subject text not null,  -- an id, a name without @, or a search text; empty for feed and leaderboard
    added_at real not null,
    constraint one_seed_of_a_kind unique (kind, subject)
) strict;

create table jobs (
    -- One thing to fetch: an endpoint and its subject. A walk has its cursor here.
    id integer primary key,
    endpoint text not null,         -- the vendor's name, as `soracrawl endpoints` lists it
    subject text not null,          -- the argument of the call; empty for feed and leaderboard
    state text not null constraint job_state
        check (state in ('waiting', 'ready', 'leased', 'done', 'stopped', 'failed')),
    stop_reason text constraint job_stop_reason check (stop_reason in
        ('complete', 'gone', 'capped', 'stalled', 'truncated', 'budget', 'failed')),
    note text,                      -- why the job ended or waits, in words
    depth integer not null,         -- 0 for a seed
    seed_id integer not null references seeds (id),
    parent_job_id integer references jobs (id), -- the job whose reply led to this one; null for a seed
    cursor text,                    -- the next cursor to send; null at the head
    pages integer not null default 0,           -- pages kept since the walk last started from its head
    items integer not null default 0,           -- items on these pages
    stale_pages integer not null default 0,     -- consecutive pages without a new id
    restarts integer not null default 0,        -- how often the walk returned to its head
    pass_call_id integer not null default 0,    -- calls up to this one belong to an earlier pass
    attempts integer not null default 0,        -- failures since the last kept page
    ready_at real,                  -- earliest time of the next attempt, while the job waits for one
    after_job_id integer references jobs (id),  -- the job whose first page or end this one waits for
    fence integer not null default 0,           -- increases by one with every lease
    lease_until real,               -- when the lease expires
    resolves_name integer not null default 0 constraint resolves_name_is_flag check (resolves_name in (0, 1)),
    led_to integer not null default 0,          -- subjects found in its replies, for the per-parent caps
    replan integer not null default 0 constraint replan_is_flag check (replan in (0, 1)),
        -- 1: the plan or the depth has changed, so its kept replies are planned again, without a call
    last_call_id integer references calls (id), -- the latest call of the job
    last_error text,                -- the latest error since the last kept page
    created_at real not null,
    ended_at real,
    constraint one_job_for_a_subject unique (endpoint, subject),
    constraint leased_until_a_time check ((state = 'leased') = (lease_until is not null)),
    constraint ended_for_a_reason check ((state in ('done', 'stopped', 'failed')) = (stop_reason is not null)),
    constraint ended_at_a_time check ((stop_reason is null) = (ended_at is null)),
    constraint waits_for_something check (state <> 'waiting' or ready_at is not null or after_job_id is not null),
    constraint done_means_nothing_is_missing check ((state = 'done') = (stop_reason is not null and stop_reason in ('complete', 'gone'))),
    constraint failed_means_given_up check ((state = 'failed') = (stop_reason is not null and stop_reason = 'failed'))
) strict;

-- The next job of an endpoint is the first entry of its range in this index.
create index jobs_ready on jobs (endpoint, depth, id) where state = 'ready';
create index jobs_due on jobs (ready_at) where state = 'waiting' and ready_at is not null;
create index jobs_leased on jobs (lease_until) where state = 'leased';
create index jobs_replan on jobs (id) where replan = 1;
create index jobs_after on jobs (after_job_id) where after_job_id is not null;
-- `status` and `jobs --state` filter by state. Most jobs are done and need no entry.
create index jobs_stopped on jobs (state, id) where state = 'stopped' or state = 'failed';

create table job_counts (
    -- The number of jobs in each state. Triggers maintain it, so that `status` never counts a large queue.
    endpoint text not null,
    state text not null,
    stop_reason text not null,      -- empty until the job ends
    jobs integer not null,          -- number of jobs
    primary key (endpoint, state, stop_reason)
) strict, without rowid;

create trigger job_counts_insert after insert on jobs begin
    insert into job_counts values (new.endpoint, new.state, coalesce(new.stop_reason, ''), 1)
    on conflict do update set jobs = jobs + 1;
end;

create trigger job_counts_update after update of state, stop_reason on jobs
when new.state <> old.state or new.stop_reason is not old.stop_reason begin
    update job_counts set jobs = jobs - 1
    where endpoint = old.endpoint and state = old.state and stop_reason = coalesce(old.stop_reason, '');
    insert into job_counts values (new.endpoint, new.state, coalesce(new.stop_reason, ''), 1)
    on conflict do update set jobs = jobs + 1;
end;

create table cooldowns (
    -- Until when an endpoint is not called. A restart keeps it.
    endpoint text primary key,
    until real not null
) strict, without rowid;

create table settings (
    -- What a run must know of the previous one: the plan that it followed.
    name text primary key,
    value text not null             -- the value of the setting
) strict, without rowid;

pragma user_version = 1;
