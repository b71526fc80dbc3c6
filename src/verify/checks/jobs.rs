//! P2: every seed has jobs, and every job ends for a stated reason.

use crate::verify::check::{Question, question};

/// Asked with the endpoints of each kind of seed, as JSON: `{"user": ["get_user_posts", …], …}`.
pub(in crate::verify) const SEEDS: Question = question(
    "seeds",
    "P2",
    "every seed has at least one job",
    "select format('seed %d (%s %s) has no job', s.id, s.kind, s.subject) from seeds s
     where not exists (select 1 from jobs j, json_each(?1, '$.' || s.kind) of
             where j.subject = s.subject and j.depth = 0 and j.endpoint = of.value)
       and not exists (select 1 from users u, json_each(?1, '$.user') of
             join jobs j on j.subject = u.user_id and j.depth = 0 and j.endpoint = of.value
             where s.kind = 'name' and u.username = s.subject collate nocase)",
);

pub(in crate::verify) const QUESTIONS: [Question; 4] = [
    question(
        "stated ends",
        "P2",
        "every ended job has a stop reason that its calls or its note confirm",
        "select format('job %d (%s %s) ended as %s, but %s', j.id, j.endpoint, j.subject, j.stop_reason,
                case when j.stop_reason in ('gone', 'denied') then 'no answer reports it'
                     when j.stop_reason = 'complete' then 'it has neither a page nor a note'
                     else 'it has no note' end)
         from jobs j left join calls c on c.id = j.last_call_id
         where j.stop_reason is not null and case j.stop_reason
             when 'complete' then j.pages = 0 and j.note is null
             when 'gone' then not (coalesce(c.http_status in (404, 405, 410, 451), 0)
                 or (j.resolves_name and coalesce(c.kept, 0)))
             when 'denied' then j.note is null or not coalesce(c.http_status in (401, 403, 451), 0)
             else j.note is null end",
    ),
    question(
        "leases",
        "P2",
        "no job is leased without an unfinished run",
        "select format('job %d (%s %s) is leased, but no run is unfinished', id, endpoint, subject) from jobs
         where state = 'leased' and not exists (select 1 from runs where kind = 'run' and ended_at is null)",
    ),
    question(
        "waits",
        "P2",
        "no job waits for a job that has ended or has its first page",
        "select format('job %d (%s %s) waits for job %d, which %s', j.id, j.endpoint, j.subject, o.id,
                iif(o.pages > 0, 'has its first page', 'has ended: ' || o.stop_reason))
         from jobs j join jobs o on o.id = j.after_job_id
         where j.state = 'waiting' and (o.pages > 0 or o.stop_reason is not null)",
    ),
    question(
        "job counts",
        "P2",
        "the job counts of `status` agree with the jobs",
        "select format('%s, %s%s: %d counted, %d found', endpoint, state,
                iif(stop_reason = '', '', ' (' || stop_reason || ')'), sum(counted), sum(found))
         from (select endpoint, state, stop_reason, jobs as counted, 0 as found from job_counts
               union all
               select endpoint, state, coalesce(stop_reason, ''), 0, 1 from jobs)
         group by endpoint, state, stop_reason having sum(counted) <> sum(found)",
    ),
];
