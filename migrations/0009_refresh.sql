-- What is bought again to stay fresh, within a budget of its own.

-- New last columns and wider checks leave the rows as they are, so only the text of the tables changes
-- (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, 'the others were empty
', 'the others were empty
    refreshes integer not null default 0 constraint refreshes_is_flag check (refreshes in (0, 1)),
        -- 1: its current pass renews what is archived, within refresh.usd_per_day
')
    where type = 'table' and name = 'jobs';
update sqlite_schema set sql = replace(sql, '    body blob,                      -- the reply without secrets, compressed with zstd
', '    body blob,                      -- the reply without secrets, compressed with zstd
    refreshes integer not null default 0,       -- 1: it counts against refresh.usd_per_day
')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, '(''total'', ''day'', ''run'', ''seed'')', '(''total'', ''day'', ''run'', ''seed'', ''refresh'')')
    where type = 'table' and name = 'spend';
update sqlite_schema set sql = replace(sql, '-- the day, the run''s id, the seed''s id; empty for the total',
    '-- the day, also of refreshes, the run''s id, the seed''s id; empty for the total')
    where type = 'table' and name = 'spend';
update sqlite_schema set sql = replace(sql, '''remove_seed'', ''reload''', '''remove_seed'', ''reload'', ''refresh''')
    where type = 'table' and name = 'controls';
pragma writable_schema = reset;

drop trigger spend_reserve;
create trigger spend_reserve after insert on calls when new.cost_micro_usd > 0 begin
    insert into spend
    select 'total', '', new.cost_micro_usd
    union all select 'day', new.day, new.cost_micro_usd
    union all select 'run', new.run_id, new.cost_micro_usd
    union all select 'seed', coalesce(new.seed_id, 0), new.cost_micro_usd
    union all select 'refresh', new.day, new.cost_micro_usd where new.refreshes
    -- Without it the parser takes the conflict clause for a join.
    order by 1
    on conflict do update set micro_usd = micro_usd + excluded.micro_usd;
end;

drop trigger spend_settle;
create trigger spend_settle after update of cost_micro_usd on calls
when new.cost_micro_usd <> old.cost_micro_usd begin
    update spend set micro_usd = micro_usd + new.cost_micro_usd - old.cost_micro_usd
    where (scope, name) in (values ('total', ''), ('day', new.day), ('run', cast(new.run_id as text)),
        ('seed', cast(coalesce(new.seed_id, 0) as text)), (iif(new.refreshes, 'refresh', ''), new.day));
end;

create index jobs_refreshing on jobs (state) where refreshes = 1;

create table refreshes (
    -- What was bought again to stay fresh, and why.
    id integer primary key,
    job_id integer not null references jobs (id),
    begun_at real not null,
    after_call_id integer not null, -- the first call of the job after this one began it
    why text not null,              -- what was expected, in words
    expected_micro_usd integer not null         -- what its pages were expected to cost
) strict;
create index refreshes_of_job on refreshes (job_id, id);

pragma user_version = 9;
