//! P1: the cursors of a walk's committed calls form one chain.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 7] = [
    question(
        "chain",
        "P1",
        "each call of a walk sent the cursor that the previous committed call returned, or that of the span which it met",
        "select format('job %d (%s %s): call %d sent a cursor that the previous committed call %d did not return',
                job_id, endpoint, subject, id, before)
         from (select id, job_id, endpoint, subject, cursor, lag(id) over walk as before,
                      lag(next_cursor) over walk as given
               from calls where kept = 1 and job_id is not null window walk as (partition by job_id order by id)) walks
         where before is not null and cursor is not null and cursor is not given
           and not exists (select 1 from spans s where s.job_id = walks.job_id and s.joined_by_call_id = before
               and s.tail_cursor is walks.cursor)
           -- After the first page of a span that was left, the walk goes on after the page that had met it.
           and not exists (select 1 from spans s join calls by on by.id = s.joined_by_call_id
               where s.job_id = walks.job_id and s.state = 'left' and by.next_cursor is walks.cursor
               and before = (select min(id) from calls where job_id = s.job_id and kept = 1 and id > by.id
                   and cursor is s.tail_cursor))",
    ),
    question(
        "fork",
        "P1",
        "no page is committed twice in one pass of a walk",
        "select format('job %d (%s %s): calls %s are the same page', job_id, endpoint, subject, group_concat(id))
         from (select id, job_id, endpoint, subject, cursor,
                      sum(cursor is null) over (partition by job_id order by id) as pass
               from calls c where kept = 1 and job_id is not null
                and not exists (select 1 from spans s where s.job_id = c.job_id and s.state = 'left'
                    and s.tail_cursor is c.cursor))
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
        "a walk that can continue has the cursor of its last committed call, or of the span which it met, and any other walk has none",
        "select format('job %d (%s %s) has a cursor that its last committed call %d did not return', j.id, j.endpoint,
                j.subject, c.id)
         from jobs j join calls c on c.id = (select max(id) from calls where job_id = j.id and kept = 1)
         where j.pages > 0 and not (j.stop_reason is 'gone' and j.cursor is null)
           and j.cursor is not iif(j.stop_reason in ('complete', 'truncated'), null, c.next_cursor)
           and not (j.stop_reason is 'stalled' and j.cursor is null)
           and not exists (select 1 from spans s where s.job_id = j.id and s.joined_by_call_id = c.id
               and s.state = 'met' and s.tail_cursor is j.cursor)
           and not exists (select 1 from spans s join calls by on by.id = s.joined_by_call_id
               where s.job_id = j.id and s.state = 'left' and by.id < c.id and s.tail_cursor is c.cursor
               and by.next_cursor is j.cursor)
         union all
         select format('job %d (%s %s) is complete, but the span %d that it met last is not at the end', j.id,
                j.endpoint, j.subject, s.id)
         from jobs j join spans s on s.job_id = j.id and s.state = 'met' and s.reached_end = 0
             and s.joined_by_call_id > j.pass_call_id
             and s.joined_by_call_id = (select max(id) from calls where job_id = j.id and kept = 1)
         where j.stop_reason = 'complete'
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
        "spans",
        "P1",
        "every span is one part of a walk, knows where the walk goes on after it, and was met by a later call",
        "select format('span %d of job %d does not begin and end with a committed call of it', s.id, s.job_id)
         from spans s
         where (select count(*) from calls c where c.job_id = s.job_id and c.kept = 1
                and c.id in (s.first_call_id, s.last_call_id)) <> 1 + (s.first_call_id <> s.last_call_id)
         union all
         select format('span %d of job %d was met by call %d, which is no later committed call of it', s.id, s.job_id,
                s.joined_by_call_id)
         from spans s left join calls c on c.id = s.joined_by_call_id and c.job_id = s.job_id and c.kept = 1
             and c.id > s.last_call_id
         where s.joined_by_call_id is not null and c.id is null
         union all
         select format('span %d of job %d belongs to the current pass', s.id, s.job_id)
         from spans s join jobs j on j.id = s.job_id where s.last_call_id > j.pass_call_id
         union all
         select format('span %d of job %d begins before the one before it ends', id, job_id)
         from (select id, job_id, first_call_id, max(last_call_id) over (partition by job_id order by id
                   rows between unbounded preceding and 1 preceding) as before from spans)
         where first_call_id <= before
         union all
         select format('span %d of job %d has %d pages, but its calls and the spans that it met have %d', id, job_id, pages,
                counted)
         from (select s.id, s.job_id, s.pages,
                   (select count(*) from calls c where c.job_id = s.job_id and c.kept = 1
                    and c.id between s.first_call_id and s.last_call_id)
                   + (select coalesce(sum(m.pages), 0) from spans m where m.job_id = s.job_id and m.state = 'met'
                      and m.joined_by_call_id between s.first_call_id and s.last_call_id) as counted
               from spans s)
         where pages <> counted
         union all
         select format('span %d of job %d has a tail cursor that its last page did not lead to', s.id, s.job_id)
         from spans s join calls c on c.id = s.last_call_id
         where s.tail_cursor is not null and s.tail_cursor is not c.next_cursor
           and not exists (select 1 from spans m where m.job_id = s.job_id and m.joined_by_call_id = c.id
               and m.state = 'met' and m.tail_cursor is s.tail_cursor)
           and not exists (select 1 from spans m join calls by on by.id = m.joined_by_call_id
               where m.job_id = s.job_id and m.state = 'left' and m.tail_cursor is c.cursor
               and by.next_cursor is s.tail_cursor)
         union all
         select format('span %d of job %d ends with a span that did not reach the end', s.id, s.job_id)
         from spans s join spans m on m.job_id = s.job_id and m.state = 'met' and m.joined_by_call_id = s.last_call_id
         where s.reached_end = 1 and m.reached_end = 0",
    ),
    question(
        "kept calls",
        "P1",
        "every committed call has a successful answer and a raw reply",
        "select format('call %d (%s) is committed, but its reply is incomplete: %s', id, endpoint,
                case when body is null and redacted_at is null then 'no raw reply' when outcome not in ('answered', 'imported') then outcome
                     when error is not null then error when http_status is null then 'no status'
                     when http_status not between 200 and 299 then 'status ' || http_status
                     else 'no counts' end)
         from calls where kept = 1 and (outcome not in ('answered', 'imported') or http_status is null
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
