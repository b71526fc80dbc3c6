-- What the passes of a walk saw of its list.

create table spans (
    -- What one pass of a walk saw of its list without a gap, from its head to its last page. A later pass that meets it goes
    -- on after it, so that the pages between are not bought again.
    id integer primary key,
    job_id integer not null references jobs (id),
    first_call_id integer not null references calls (id),   -- the call of its first page
    last_call_id integer not null references calls (id),    -- the call of its last page
    pages integer not null,         -- its pages, with those of the spans that it met
    tail_cursor text,               -- the cursor after its last page; null without one, and if the remote refused it
    reached_end integer not null constraint span_reached_end_is_flag check (reached_end in (0, 1)),
        -- 1: its last page is the end of the list
    joined_by_call_id integer references calls (id),    -- the call of a later pass whose page met it; null until then
    constraint span_has_pages check (pages > 0 and first_call_id <= last_call_id)
) strict;
create index spans_of_job on spans (job_id, id);

pragma user_version = 8;
