-- Replies that do not know their post are looked for with every page, and hardly ever there.

create index comments_without_post on comments (parent_comment_id) where post_id is null and parent_comment_id is not null;
