-- Files of videos and images, and which attachment shows which.

create table media (
    -- Files that are wanted, stored or given up: one row for each address without its signature.
    id integer primary key,
    url_path text not null unique,  -- host and path of the URL, without the signature, which changes with every call
    state text not null default 'wanted' constraint media_state
        check (state in ('wanted', 'stored', 'failed', 'gone', 'removing', 'removed')),
        -- wanted; stored; failed: given up in the latest run; gone: the remote says that it does not exist; removing: its
        -- file is about to be removed; removed: its file was too old
    reason text,                    -- why the latest attempt failed, or why the file was removed
    attempts integer not null default 0,        -- attempts that failed
    tried_at real,                  -- when the latest attempt ended
    etag text,                      -- strong ETag of the file, or of its unfinished part
    last_modified text,             -- Last-Modified of the file, or of its unfinished part
    stated_bytes integer,           -- size that a reply states; 0 if none does, null if none was looked at yet
    total_bytes integer,            -- size of the whole file, as the host stated it
    content_type text,              -- Content-Type as the remote stated it
    sha256 text,                    -- hash of the stored file, 64 hexadecimal digits; its name as well
    extension text,                 -- extension of the stored file, after its first bytes: mp4, webp, gif, png or jpg
    bytes integer,                  -- size of the stored file
    stored_at real,                 -- when the file was stored
    constraint media_is_whole check (state <> 'stored'
        or sha256 is not null and extension is not null and bytes is not null and stored_at is not null)
) strict;
create index media_in_state on media (state);
create index media_without_size on media (id) where stated_bytes is null;
create index media_with_hash on media (sha256) where sha256 is not null;

create table attachment_media (
    -- Which file is which rendition of which video.
    attachment_id integer not null references attachments (id),
    rendition text not null,        -- best, source, thumbnail and others, as media.renditions names them
    media_id integer not null references media (id),
    primary key (attachment_id, rendition)
) strict, without rowid;
create index attachment_media_with_file on attachment_media (media_id);

pragma user_version = 14;
