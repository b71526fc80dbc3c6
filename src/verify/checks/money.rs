//! P4: the charges agree with the calls and stay within the budgets.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 3] = [
    question(
        "spend",
        "P4",
        "the amount charged to each budget is the sum of its calls",
        "select format('%s: %d micro-dollars charged, but its calls sum to %d', trim(scope || ' ' || name),
                sum(charged), sum(cost))
         from (select scope, name, micro_usd as charged, 0 as cost from spend
               union all select 'total', '', 0, coalesce(sum(cost_micro_usd), 0) from calls
               union all select 'day', day, 0, sum(cost_micro_usd) from calls group by day
               union all select 'run', cast(run_id as text), 0, sum(cost_micro_usd) from calls group by run_id
               union all select 'seed', cast(coalesce(seed_id, 0) as text), 0, sum(cost_micro_usd) from calls
                   group by coalesce(seed_id, 0)
               union all select 'refresh', day, 0, sum(cost_micro_usd) from calls where refreshes group by day)
         group by scope, name having sum(charged) <> sum(cost)",
    ),
    question(
        "call totals",
        "P4",
        "the totals per day and endpoint agree with the calls",
        "with total (day, endpoint, sums) as (
             select day, endpoint, json_array(sum(outcome = 'answered'), sum(kept), sum(outcome = 'unknown'),
                 sum(outcome = 'never_sent'), sum(coalesce(http_status, 0) = 429), sum(cost_micro_usd),
                 sum(coalesce(items, 0)), sum(coalesce(row_count, 0)), sum(coalesce(odd_items, 0)),
                 sum(coalesce(body_bytes, 0)))
             from calls where outcome <> 'open' group by day, endpoint),
         kept (day, endpoint, sums) as (
             select day, endpoint, json_array(answered, kept, unknown, never_sent, throttled, cost_micro_usd, items,
                 row_count, odd_items, body_bytes)
             from call_totals)
         select format('%s on %s: total %s, but the calls sum to %s', endpoint, day, coalesce(max(told), 'nothing'),
                coalesce(max(found), 'nothing'))
         from (select day, endpoint, sums as told, null as found from kept
               union all select day, endpoint, null, sums from total)
         group by day, endpoint having max(told) is not max(found)",
    ),
    question(
        "call hours",
        "P4",
        "the totals per hour and endpoint agree with the calls",
        "with total (hour, endpoint, sums) as (
             select cast(settled_at / 3600 as integer) * 3600, endpoint,
                 json_array(sum(outcome = 'answered'), sum(kept), sum(cost_micro_usd))
             from calls where outcome <> 'open' group by 1, endpoint),
         stored (hour, endpoint, sums) as (
             select hour, endpoint, json_array(answered, kept, cost_micro_usd) from call_hours)
         select format('%s in the hour from %d: total %s, but the calls sum to %s', endpoint, hour,
                coalesce(max(told), 'nothing'), coalesce(max(found), 'nothing'))
         from (select hour, endpoint, sums as told, null as found from stored
               union all select hour, endpoint, null, sums from total)
         group by hour, endpoint having max(told) is not max(found)",
    ),
];

/// `?1`: the free endpoints, as a JSON array.
pub(in crate::verify) const COST: Question = question(
    "cost",
    "P4",
    "exactly the calls that were or may have been billed are charged",
    "select format('call %d (%s, %s%s) is charged %d micro-dollars', id, endpoint, outcome,
            coalesce(' ' || http_status, ''), cost_micro_usd)
     from calls
     where (cost_micro_usd > 0) <> (endpoint not in (select value from json_each(?1))
         and (outcome in ('open', 'unknown') or (outcome = 'answered' and http_status is 200)))",
);

/// `?1` to `?5`: limits in micro-dollars of the total, a day, a run, a seed and the refreshes of a day; null means no limit.
pub(in crate::verify) const BUDGETS: Question = question(
    "budgets",
    "P4",
    "no configured budget is exceeded",
    "select format('%s: %d micro-dollars charged, limit %d', trim(scope || ' ' || name), micro_usd, allowed)
     from (select scope, name, micro_usd,
               case scope when 'total' then ?1 when 'day' then ?2 when 'run' then ?3 when 'seed' then ?4 else ?5 end as allowed
           from spend where scope <> 'seed' or name <> '0')
     where micro_usd > allowed",
);
