//! P4: what was spent is what the calls cost, and no more than allowed.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 2] = [
    question(
        "spend",
        "P4",
        "what each budget was charged is the sum of its calls",
        "select format('%s %s was charged %d micro-dollars, its calls cost %d', scope, name, sum(charged), sum(cost))
         from (select scope, name, micro_usd as charged, 0 as cost from spend
               union all select 'total', '', 0, coalesce(sum(cost_micro_usd), 0) from calls
               union all select 'day', day, 0, sum(cost_micro_usd) from calls group by day
               union all select 'run', cast(run_id as text), 0, sum(cost_micro_usd) from calls group by run_id
               union all select 'seed', cast(coalesce(seed_id, 0) as text), 0, sum(cost_micro_usd) from calls
                   group by coalesce(seed_id, 0))
         group by scope, name having sum(charged) <> sum(cost)",
    ),
    question(
        "call totals",
        "P4",
        "the totals by day and endpoint are the calls",
        "with total (day, endpoint, sums) as (
             select day, endpoint, json_array(sum(outcome = 'answered'), sum(kept), sum(outcome = 'unknown'),
                 sum(outcome = 'never_sent'), sum(coalesce(http_status, 0) = 429), sum(cost_micro_usd),
                 sum(coalesce(items, 0)), sum(coalesce(row_count, 0)), sum(coalesce(odd_items, 0)),
                 sum(coalesce(body_bytes, 0)))
             from calls where outcome <> 'open' group by day, endpoint),
         kept (day, endpoint, sums) as (
             select day, endpoint, json_array(answered, kept, unknown, never_sent, refused, cost_micro_usd, items,
                 row_count, odd_items, body_bytes)
             from call_totals)
         select format('%s on %s: the total says %s, the calls %s', endpoint, day, coalesce(max(told), 'nothing'),
                coalesce(max(found), 'nothing'))
         from (select day, endpoint, sums as told, null as found from kept
               union all select day, endpoint, null, sums from total)
         group by day, endpoint having max(told) is not max(found)",
    ),
];

/// `?1`: the endpoints that cost nothing, as JSON.
pub(in crate::verify) const COST: Question = question(
    "cost",
    "P4",
    "a call is charged where it was billed or may have been, and nowhere else",
    "select format('call %d (%s, %s%s) is counted as %d micro-dollars', id, endpoint, outcome,
            coalesce(' ' || http_status, ''), cost_micro_usd)
     from calls
     where (cost_micro_usd > 0) <> (endpoint not in (select value from json_each(?1))
         and (outcome in ('open', 'unknown') or (outcome = 'answered' and http_status is 200)))",
);

/// `?1` to `?4`: the limits of the total, a day, a run and a seed, null where there is none.
pub(in crate::verify) const BUDGETS: Question = question(
    "budgets",
    "P4",
    "no budget in force now is overdrawn",
    "select format('%s %s was charged %d micro-dollars, and may be charged %d', scope, name, micro_usd, allowed)
     from (select scope, name, micro_usd,
               case scope when 'total' then ?1 when 'day' then ?2 when 'run' then ?3 else ?4 end as allowed
           from spend where scope <> 'seed' or name <> '0')
     where micro_usd > allowed",
);
