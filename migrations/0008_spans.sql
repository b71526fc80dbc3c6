-- What the passes of a walk saw of its list.

create table spans (
    -- What one pass of a walk saw of its list without a gap, from its head to its last page. A later pass that meets it goes
    -- on after it, so that the pages between are not bought again.
    id integer primary key,
    job_id integer not null references jobs (id),
    first_call_id integer not null references calls (id),   -- the call of its first page
    last_call_id integer not null references calls (id),    -- the call of its last page
    pages integer not null,         -- its pages, with those of the spans that it met
    tail_cursor text,               -- the cursor after its last page, or after the span that this page met; null without one
    reached_end integer not null constraint span_reached_end_is_flag check (reached_end in (0, 1)),
        -- 1: the list ends with it
    state text not null constraint span_state check (state in ('open', 'met', 'left', 'closed')),
        -- open: a later pass may meet it; met: one met it and went on after it; left: one met it, and the tail cursor
        -- led to nothing, so the pass went on with its own; closed: no pass meets it
    joined_by_call_id integer references calls (id),    -- the call whose page met it; null if none did
    constraint span_has_pages check (pages > 0 and first_call_id <= last_call_id),
    constraint span_has_one_end check (reached_end = 0 or tail_cursor is null),
    constraint span_goes_on check (state = 'closed' or reached_end = 1 or tail_cursor is not null),
    constraint span_is_joined check ((joined_by_call_id is not null) = (state in ('met', 'left')))
) strict;
create index spans_of_job on spans (job_id, joined_by_call_id);

pragma user_version = 8;
