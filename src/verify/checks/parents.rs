//! P8: every child has its parent, and every counted column has its history.

use crate::verify::check::{Question, question};

pub(in crate::verify) const QUESTIONS: [Question; 4] = [
    question(
        "parents",
        "P8",
        "no child was seen before its parent",
        "select format('%s of call %d belongs to %s %s, whose first call is %d', what, child, kind, name, parent)
         from (
             select 'a follow' as what, e.first_call_id as child, 'user' as kind, u.user_id as name,
                    u.first_call_id as parent, e.last_call_id as child_last, u.last_call_id as parent_last
             from follows e join users u on u.id in (e.follower_id, e.followed_id)
             union all
             select 'an appearance', e.first_call_id, 'user', u.user_id, u.first_call_id, e.last_call_id, u.last_call_id
             from appearances e join users u on u.id = e.user_id
             union all
             select 'an appearance', e.first_call_id, 'post', p.post_id, p.first_call_id, e.last_call_id, p.last_call_id
             from appearances e join posts p on p.id = e.post_id
             union all
             select 'a remix', e.first_call_id, 'post', p.post_id, p.first_call_id, e.last_call_id, p.last_call_id
             from remixes e join posts p on p.id in (e.post_id, e.parent_post_id)
             union all
             select 'an entity', e.first_call_id, 'post', p.post_id, p.first_call_id, e.first_call_id, p.last_call_id
             from post_entities e join posts p on p.id = e.post_id
             union all
             select 'an entity', e.first_call_id, 'user', u.user_id, u.first_call_id, e.first_call_id, u.last_call_id
             from post_entities e join users u on u.id = e.user_id
             union all
             select 'an entity', e.first_call_id, 'comment', c.comment_id, c.first_call_id, e.first_call_id,
                 c.last_call_id
             from comment_entities e join comments c on c.id = e.comment_id
             union all
             select 'an entity', e.first_call_id, 'user', u.user_id, u.first_call_id, e.first_call_id, u.last_call_id
             from comment_entities e join users u on u.id = e.user_id
             union all
             select 'a repost', e.first_call_id, 'post', p.post_id, p.first_call_id, e.first_call_id, p.last_call_id
             from reposts e join posts p on p.id = e.post_id
             union all
             select 'a repost', e.first_call_id, 'user', u.user_id, u.first_call_id, e.first_call_id, u.last_call_id
             from reposts e join users u on u.id = e.user_id
             union all
             select 'an attachment', e.first_call_id, 'post', p.post_id, p.first_call_id, e.last_call_id, p.last_call_id
             from attachments e join posts p on p.id = e.post_id
             union all
             select 'an attachment', e.first_call_id, 'comment', c.comment_id, c.first_call_id, e.last_call_id,
                 c.last_call_id
             from attachments e join comments c on c.id = e.comment_id
             union all
             select 'a feed entry', e.call_id, 'post', p.post_id, p.first_call_id, e.call_id, p.last_call_id
             from feed_entries e join posts p on p.id = e.post_id
             union all
             select 'a leaderboard entry', e.call_id, 'user', u.user_id, u.first_call_id, e.call_id, u.last_call_id
             from leaderboard_entries e join users u on u.id = e.user_id
             union all
             select 'a search result', e.call_id, 'user', u.user_id, u.first_call_id, e.call_id, u.last_call_id
             from search_results e join users u on u.id = e.user_id)
         -- The times of imported replies order them, so their numbers tell nothing.
         where (parent > child and not exists (select 1 from imports where call_id = parent))
            or (parent_last < child_last and not exists (select 1 from imports where call_id = child_last))",
    ),
    question(
        "threads",
        "P8",
        "every reply to a comment has the same post as the comment",
        "select format('comment %s has no post, but its parent comment %s has one', r.comment_id, p.comment_id)
         from comments r join comments p on p.id = r.parent_comment_id
         where r.post_id is null and p.post_id is not null",
    ),
    question(
        "calls of rows",
        "P8",
        "the first and last call of every row are committed and in order",
        "select format('%s %s: first call %d (%s), last call %d (%s)', kind, name, first, case f.kept
                when 1 then 'committed' when 0 then 'not committed' else 'missing' end, last, case l.kept
                when 1 then 'committed' when 0 then 'not committed' else 'missing' end)
         from (
             select 'user' as kind, user_id as name, first_call_id as first, last_call_id as last from users
             union all select 'post', post_id, first_call_id, last_call_id from posts
             union all select 'comment', comment_id, first_call_id, last_call_id from comments
             union all select 'attachment', attachment_id, first_call_id, last_call_id from attachments
             union all select 'follow', followed_id || ' by ' || follower_id, first_call_id, last_call_id from follows
             union all select 'appearance', user_id || ' in ' || post_id, first_call_id, last_call_id from appearances
             union all select 'remix', post_id || ' of ' || parent_post_id, first_call_id, last_call_id from remixes
             union all select 'entity of post', post_id || ' ' || value, first_call_id, first_call_id from post_entities
             union all select 'entity of comment', comment_id || ' ' || value, first_call_id, first_call_id
                 from comment_entities
             union all select 'repost', post_id || ' by ' || user_id, first_call_id, first_call_id from reposts
             union all select 'feed entry', position, call_id, call_id from feed_entries
             union all select 'leaderboard entry', position, call_id, call_id from leaderboard_entries
             union all select 'search result', position, call_id, call_id from search_results) r
         left join calls f on f.id = r.first left join calls l on l.id = r.last
         where (r.first > r.last and f.outcome <> 'imported') or coalesce(f.kept, 0) = 0 or coalesce(l.kept, 0) = 0",
    ),
    question(
        "histories",
        "P8",
        "the newest history entry of every row has the counts of the row",
        "select format('%s %s: newest history entry %s, row %s', kind, name,
                coalesce(entry, 'missing'), own)
         from (
             select 'user' as kind, u.user_id as name, u.counted_at as counted,
                 json_array(u.follower_count, u.following_count, u.post_count, u.cameo_count, u.likes_received_count,
                     u.view_count, u.reply_count, u.remix_count, u.character_count) as own,
                 (select json_array(follower_count, following_count, post_count, cameo_count, likes_received_count,
                     view_count, reply_count, remix_count, character_count) from user_stats s
                  where s.user_id = u.id order by observed_at desc limit 1) as entry
             from users u
             union all
             select 'post', p.post_id, p.counted_at,
                 json_array(p.like_count, p.dislike_count, p.view_count, p.unique_view_count, p.remix_count,
                     p.reply_count, p.recursive_reply_count, p.share_count, p.repost_count),
                 (select json_array(like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count,
                     recursive_reply_count, share_count, repost_count) from post_stats s
                  where s.post_id = p.id order by observed_at desc limit 1)
             from posts p
             union all
             select 'comment', c.comment_id, c.counted_at,
                 json_array(c.like_count, c.dislike_count, c.view_count, c.unique_view_count, c.remix_count,
                     c.reply_count, c.recursive_reply_count, c.share_count, c.repost_count),
                 (select json_array(like_count, dislike_count, view_count, unique_view_count, remix_count, reply_count,
                     recursive_reply_count, share_count, repost_count) from comment_stats s
                  where s.comment_id = c.id order by observed_at desc limit 1)
             from comments c)
         where entry is not iif(counted is null, null, own)",
    ),
];
