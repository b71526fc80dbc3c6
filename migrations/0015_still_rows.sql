-- A row that says nothing new keeps the call that it names for a minute. The pages of earlier versions made each row name the
-- last call that showed it: this is the last group of them.
insert into settings (name, value)
select 'each_call_until_group', max(kept_group) from calls having max(kept_group) is not null;

pragma user_version = 15;
