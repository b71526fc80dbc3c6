-- What zstd has learnt of each endpoint's replies, so that they take less room.

create table dictionaries (
    -- The dictionaries that raw replies are compressed with: at most one for each endpoint, made once and never changed.
    id integer primary key,         -- zstd's own number of it, which the head of every frame made with it names
    endpoint text not null unique,  -- whose replies are made with it, from the moment it is there
    made_at real not null,
    replies integer not null,       -- how many kept replies it was trained with
    checksum integer not null,      -- FNV-1a, 64 bits, of the dictionary: it must be as it was made
    dictionary blob not null        -- as zstd itself takes it: `zstd -D`
) strict;
