-- People who are erased, and raw replies from which something was taken out.

-- A new last column leaves the rows as they are, so only the text of the table changes (sqlite.org/lang_altertable.html, 7).
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '-- 1: it counts against refresh.usd_per_day
', '-- 1: it counts against refresh.usd_per_day
    redacted_at real,               -- when something was taken out of the reply, or the reply was removed; null if it is whole
')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, '-- 8 bytes for each item id of the page, to recognise a repeated page',
    '-- 8 bytes for each item id of the page, to recognise a repeated page; after the first erasure a byte 1, and then keyed hashes')
    where type = 'table' and name = 'calls';
update sqlite_schema set sql = replace(sql, '''reload'', ''refresh'')',
    '''reload'', ''refresh'', ''erase'')')
    where type = 'table' and name = 'controls';
pragma writable_schema = reset;

create table erasures (
    -- People who are to be erased. The key of the hashes is in ARCHIVE.erase-key, beside the archive.
    id integer primary key,
    person_hash blob not null unique,   -- HMAC-SHA-256 of the user id
    requested_at real not null,
    completed_at real               -- null while something of the person may be left
) strict;
create index erasures_open on erasures (id) where completed_at is null;

create table erased_hashes (
    -- What a reply is recognised by if it shows an erased person: HMAC-SHA-256 of ids, names, posts and comments.
    hash blob primary key
) strict, without rowid;

create table erasing (
    -- What is searched for while an erasure goes on. It is empty afterwards.
    kind text not null constraint erasing_kind check (kind in ('user', 'name', 'item', 'dictionary')),
    value text not null,            -- a user id, a name in lower case, the id of a post or comment, or of a dictionary that holds their texts
    primary key (kind, value)
) strict, without rowid;

pragma user_version = 11;
