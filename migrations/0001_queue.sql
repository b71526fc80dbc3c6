-- What there is to fetch. Comments stand inside the parentheses, where SQLite keeps them:
-- `sqlite3 FILE .schema` is a dictionary. All times are Unix seconds.

create table runs (
    -- One process that may send calls: the daemon, or one `soracrawl call`.
    id integer primary key,
    kind text not null constraint run_kind check (kind in ('run', 'call')),
    started_at real not null,
    ended_at real,          -- null while it works; a daemon that died is continued under the same id
    end_reason text,        -- idle, signal, budget, refused, failed
    pid integer not null,           -- of the process that works, or worked, last
    version text not null,          -- of soracrawl
    constraint ended_run_has_reason check ((ended_at is null) = (end_reason is null))
) strict;

create table seeds (
    -- What somebody asked for.
    id integer primary key,
    kind text not null constraint seed_kind
        check (kind in ('user', 'name', 'post', 'search', 'feed', 'leaderboard')),
    subject text not null,  -- an id, a name without @, a search word; empty for feed and leaderboard
    added_at real not null,
    constraint one_seed_of_a_kind unique (kind, subject)
) strict;

create table jobs (
    -- One thing to fetch; a walk keeps its cursor here.
    id integer primary key,
    endpoint text not null,         -- the vendor's name, as in `soracrawl endpoints`
    subject text not null,          -- the id it is called with; empty for feed and leaderboard
    state text not null constraint job_state
        check (state in ('waiting', 'ready', 'leased', 'done', 'stopped', 'failed')),
    stop_reason text constraint job_stop_reason check (stop_reason in
        ('complete', 'gone', 'capped', 'stalled', 'truncated', 'budget', 'failed')),
    note text,                      -- why it ended or waits, in words
    depth integer not null,         -- 0 for a seed
    seed_id integer not null references seeds (id),
    parent_job_id integer references jobs (id), -- whose reply led to it; null for a seed
    cursor text,                    -- the next cursor to send; null at the head
    pages integer not null default 0,           -- pages kept since the walk last began at its head
    items integer not null default 0,           -- items on them
    stale_pages integer not null default 0,     -- pages in a row without a new id
    restarts integer not null default 0,        -- times the walk went back to its head
    pass_call_id integer not null default 0,    -- calls up to this one belong to an earlier pass
    attempts integer not null default 0,        -- failures since the last kept page
    ready_at real,                  -- when it may be tried again, while it waits for a time
    after_job_id integer references jobs (id),  -- whose first page or end it waits for
    fence integer not null default 0,           -- grows with every lease
    lease_until real,               -- when the lease runs out
    resolves_name integer not null default 0 constraint resolves_name_is_flag check (resolves_name in (0, 1)),
    led_to integer not null default 0,          -- subjects it led to, for the per-parent caps
    replan integer not null default 0 constraint replan_is_flag check (replan in (0, 1)),
        -- 1: its kept replies are to be planned again, without a call: the plan or its depth has changed
    last_call_id integer references calls (id), -- the call made last
    last_error text,                -- what went wrong last, since the last kept page
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

-- The next job of an endpoint is the first entry of its part of this index.
create index jobs_ready on jobs (endpoint, depth, id) where state = 'ready';
create index jobs_due on jobs (ready_at) where state = 'waiting' and ready_at is not null;
create index jobs_leased on jobs (lease_until) where state = 'leased';
create index jobs_replan on jobs (id) where replan = 1;
create index jobs_after on jobs (after_job_id) where after_job_id is not null;
-- `status` and `jobs --state` ask by state; a finished job is the common case and is not worth an entry.
create index jobs_stopped on jobs (state, id) where state = 'stopped' or state = 'failed';

create table job_counts (
    -- How many jobs are in which state, kept by triggers so that `status` never counts a large queue.
    endpoint text not null,
    state text not null,
    stop_reason text not null,      -- empty while the job has not ended
    jobs integer not null,          -- how many
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
    -- Until when the remote wants no calls of an endpoint: a restart must not forget it.
    endpoint text primary key,
    until real not null
) strict, without rowid;

create table settings (
    -- What a run must remember of the one before: the plan it followed.
    name text primary key,
    value text not null             -- what `name` says is remembered
) strict, without rowid;
