//! P16: what is said to be missing rests on calls of the ledger, and on nothing that a later reply contradicts.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 2] = [
    question(
        "absences",
        "P16",
        "every absence has the evidence of its verdict, and nothing that is absent was shown since",
        "with thing (kind, item_id, of_id, name, seen) as (
             select 'user', id, 0, user_id, counted_call_id from users
             union all select 'post', id, 0, post_id, counted_call_id from posts
             union all select 'comment', id, 0, comment_id, counted_call_id from comments
             union all select 'follow', follower_id, followed_id, follower_id || ' of ' || followed_id, last_call_id
                 from follows
             union all select 'appearance', user_id, post_id, user_id || ' in ' || post_id, last_call_id
                 from appearances
             union all select 'remix', post_id, parent_post_id, post_id || ' of ' || parent_post_id, last_call_id
                 from remixes)
         select format('absence %d (%s %s): %s', a.id, a.kind, coalesce(t.name, 'without a row'), case
             when t.name is null then 'there is no such row'
             when f.settled_at is null or l.settled_at is null then 'a call that missed it is not settled'
             when a.verdict = 'gone' then 'no 404 confirms it'
             when a.cleared_call_id is null then 'a later call showed it'
             else 'its verdict does not fit its calls' end)
         from absences a
         left join thing t on t.kind = a.kind and t.item_id = a.item_id and t.of_id = a.of_id
         left join calls f on f.id = a.first_missed_call_id left join calls l on l.id = a.last_missed_call_id
         left join calls s on s.id = a.confirmed_call_id
         left join calls c on c.id = a.cleared_call_id
         where t.name is null or f.settled_at is null or l.settled_at is null
             or a.last_seen_call_id >= a.first_missed_call_id
             or (a.verdict = 'gone' and (coalesce(s.http_status, 0) not in (404, 410) or s.kept = 1))
             or (a.verdict = 'unseen' and l.settled_at - f.settled_at < 86400)
             or (a.verdict = 'missed' and a.times > 1 and l.settled_at - f.settled_at >= 86400)
             -- An imported reply may be older than the call that missed the thing.
             or (a.cleared_call_id is null and t.seen > a.last_missed_call_id
                 and (select settled_at from calls where id = t.seen) > l.settled_at)
             or (a.cleared_call_id is not null
                 and (coalesce(c.kept, 0) = 0 or a.cleared_call_id <= a.last_missed_call_id))",
    ),
    question(
        "names",
        "P8",
        "every former name was followed by another one in a committed call",
        "select format('user %s: call %d that ended the name %s is not committed', u.user_id, n.until_call_id, n.username)
         from user_names n join users u on u.id = n.user_id left join calls c on c.id = n.until_call_id
         where coalesce(c.kept, 0) = 0 or (n.until_call_id < u.first_call_id
             and not exists (select 1 from imports where call_id = u.first_call_id))",
    ),
];
