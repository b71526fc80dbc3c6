-- For operators: signs of life, what they asked for, what they were told, and calls by hour.

-- New last columns leave the rows as they are, so only the text of the tables changes (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '    plan text,                      -- the section [crawl] of its configuration, as JSON; null for a call by hand
', '    plan text,                      -- the section [crawl] of its configuration, as JSON; null for a call by hand
    end_note text,                  -- why it ended in words: the spent budget, or the error
    heartbeat_at real,              -- when the daemon last showed that it works; null until it starts to crawl
    work_since real,                -- since when the daemon has jobs to do; null while it has none
')
    where type = 'table' and name = 'runs';
update sqlite_schema set sql = replace(sql, '-- idle, signal, budget, refused, failed, unconfirmed',
    '-- idle, signal, budget, paused, refused, away, failed, unconfirmed')
    where type = 'table' and name = 'runs';
update sqlite_schema set sql = replace(sql, '    added_at real not null,
', '    added_at real not null,
    removed_at real,                -- when the operator removed it; what it led to stays
')
    where type = 'table' and name = 'seeds';
pragma writable_schema = reset;

create index seeds_removed on seeds (id) where removed_at is not null;

create table controls (
    -- What operators asked the daemon to do, and what became of it.
    id integer primary key,
    command text not null constraint control_command
        check (command in ('pause', 'resume', 'cancel', 'remove_seed', 'reload')),
    argument text not null,         -- what it is about, as JSON
    asked_by text not null constraint control_asked_by check (asked_by in ('command', 'web', 'signal')),
    asked_at real not null,
    done_at real,                   -- null until a daemon, or the command itself, has carried it out
    succeeded integer constraint control_succeeded check (succeeded in (0, 1)), -- 0: it changed nothing
    result text,                    -- what it changed, or why it did not, in words
    constraint done_with_a_result check ((done_at is null) = (result is null) and (done_at is null) = (succeeded is null))
) strict;
create index controls_asked on controls (id) where done_at is null;

create table pauses (
    -- What is not called until an operator resumes it. A restart keeps it.
    scope text not null constraint pause_scope check (scope in ('all', 'endpoint', 'seed')),
    name text not null,             -- the endpoint, or the seed's id; empty for all
    since real not null,            -- when it was paused
    primary key (scope, name)
) strict, without rowid;

create table alerts (
    -- What each receiver of alerts was last told of a condition, so that a restart does not tell it twice.
    name text not null,             -- the condition: stopped, budget, stalled, refused, unwritable, disk, done
    receiver text not null,         -- the first 16 hexadecimal digits of the SHA-256 of its URL
    told text not null constraint alert_told check (told in ('firing', 'resolved')),
    told_at real not null,
    primary key (name, receiver)
) strict, without rowid;

create table call_hours (
    -- Settled calls by hour and endpoint. Triggers maintain it, so that charts never read the ledger.
    hour integer not null,          -- its beginning in Unix seconds
    endpoint text not null,
    answered integer not null,      -- calls with an answer of any kind
    kept integer not null,          -- calls whose page is in the archive
    cost_micro_usd integer not null, -- charged
    primary key (hour, endpoint)
) strict, without rowid;

insert into call_hours
select cast(settled_at / 3600 as integer) * 3600, endpoint, sum(outcome = 'answered'), sum(kept), sum(cost_micro_usd)
from calls where outcome <> 'open' group by 1, 2;

create trigger call_hours_settle after update of outcome on calls
when old.outcome = 'open' and new.outcome <> 'open' begin
    insert into call_hours values (cast(new.settled_at / 3600 as integer) * 3600, new.endpoint,
        new.outcome = 'answered', new.kept, new.cost_micro_usd)
    on conflict do update set answered = answered + excluded.answered, kept = kept + excluded.kept,
        cost_micro_usd = cost_micro_usd + excluded.cost_micro_usd;
end;

create trigger call_hours_keep after update of kept on calls
when old.outcome <> 'open' and old.kept = 0 and new.kept = 1 begin
    -- The rows of a stored reply are kept later than the reply.
    update call_hours set kept = kept + 1
    where hour = cast(new.settled_at / 3600 as integer) * 3600 and endpoint = new.endpoint;
end;

pragma user_version = 7;
