//! P1: the cursors of a walk's committed calls form one chain.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 6] = [
    question(
        "chain",
        "P1",
        "each call of a walk sent the cursor that the previous committed call returned",
        "select format('job %d (%s %s): call %d sent a cursor that the previous committed call %d did not return',
                job_id, endpoint, subject, id, before)
         from (select id, job_id, endpoint, subject, cursor, lag(id) over walk as before,
                      lag(next_cursor) over walk as given
               from calls where kept = 1 and job_id is not null window walk as (partition by job_id order by id))
         where before is not null and cursor is not null and cursor is not given",
    ),
    question(
        "fork",
        "P1",
        "no page is committed twice in one pass of a walk",
        "select format('job %d (%s %s): calls %s are the same page', job_id, endpoint, subject, group_concat(id))
         from (select id, job_id, endpoint, subject, cursor,
                      sum(cursor is null) over (partition by job_id order by id) as pass
               from calls where kept = 1 and job_id is not null)
         group by job_id, pass, cursor having count(*) > 1
         union all
         select format('job %d (%s %s): calls %s are the first page of the same pass', j.id, j.endpoint, j.subject,
                group_concat(c.id))
         from calls c join jobs j on j.id = c.job_id
         where c.kept = 1 and c.id > j.pass_call_id and c.cursor is null group by j.id having count(*) > 1",
    ),
    question(
        "cursor",
        "P1",
        "a walk that can continue has the cursor of its last committed call, and any other walk has none",
        "select format('job %d (%s %s) has a cursor that its last committed call %d did not return', j.id, j.endpoint,
                j.subject, c.id)
         from jobs j join calls c on c.id = (select max(id) from calls where job_id = j.id and kept = 1)
         where j.pages > 0 and not (j.stop_reason is 'gone' and j.cursor is null)
           and j.cursor is not iif(j.stop_reason in ('complete', 'truncated'), null, c.next_cursor)
           and not (j.stop_reason is 'stalled' and j.cursor is null)
         union all
         select format('job %d (%s %s) restarts at its head but has a cursor', id, endpoint, subject)
         from jobs where pages = 0 and pass_call_id > 0 and cursor is not null",
    ),
    question(
        "pages",
        "P1",
        "the page and item counts of every job agree with its committed calls",
        "select format('job %d (%s %s): pages %d, items %d; in its committed calls: pages %d, items %d', j.id,
                j.endpoint, j.subject, j.pages, j.items, coalesce(k.pages, 0), coalesce(k.items, 0))
         from jobs j left join
             (select c.job_id, count(*) as pages, sum(c.items) as items from calls c join jobs o on o.id = c.job_id
              where c.kept = 1 and c.id > o.pass_call_id group by c.job_id) k on k.job_id = j.id
         where j.pages <> coalesce(k.pages, 0) or j.items <> coalesce(k.items, 0)",
    ),
    question(
        "kept calls",
        "P1",
        "every committed call has a successful answer and a raw reply",
        "select format('call %d (%s) is committed, but its reply is incomplete: %s', id, endpoint,
                case when body is null and redacted_at is null then 'no raw reply' when outcome <> 'answered' then outcome
                     when error is not null then error when http_status is null then 'no status'
                     when http_status not between 200 and 299 then 'status ' || http_status
                     else 'no counts' end)
         from calls where kept = 1 and (outcome <> 'answered' or http_status is null
             or http_status not between 200 and 299 or error is not null or (body is null and redacted_at is null) or items is null
             or row_count is null or odd_items is null)
         union all
         select format('call %d (%s) has odd items, but it is not committed', id, endpoint)
         from calls where kept = 0 and id in (select call_id from odd_items)",
    ),
    question(
        "open calls",
        "P3",
        "every call of an ended run is settled",
        "select format('call %d (%s) is open, but run %d has ended: %s', c.id, c.endpoint, c.run_id, r.end_reason)
         from calls c join runs r on r.id = c.run_id where c.outcome = 'open' and r.ended_at is not null",
    ),
];
