"""The rows of an archive as SQLite returns them, and tables of readers in the same form.

A row is a tuple: texts, whole numbers, numbers, flags, and times in microseconds since 1970 in UTC.
"""

import datetime
import math
import urllib.parse

import pyarrow as pa

import archives

# The exported tables, and the view or table of the archive that has their rows.
SOURCES = {
    "users": "users_now",
    "posts": "posts_now",
    "comments": "comments_now",
    "follows": "follow_edges",
    "appearances": "appearance_edges",
    "remixes": "remix_edges",
    "reposts": "repost_edges",
    "mentions": "mentions",
    "entities": "text_entities",
    "attachments": "attachment_links",
    "user_observations": "user_growth",
    "post_observations": "post_growth",
    "comment_observations": "comment_growth",
    "feed": "feed_history",
    "leaderboard": "leaderboard_history",
    "searches": "search_hits",
    "completeness": "completeness",
    "calls": "calls",
}
# Columns that divide a lake. Spark, DuckDB, polars and pyarrow add them.
MONTHS = ("posted_month", "observed_month")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def fields(resource):
    """The names and types of a table's columns, as a manifest states them, without the seconds beside a time."""
    columns = [(it["name"], it["type"]) for it in resource["schema"]["fields"]]
    times = {name for name, kind in columns if kind == "datetime"}
    return [(name, kind) for name, kind in columns if name.removesuffix("_unix") not in times or kind == "datetime"]


def expected(archive, table, columns):
    """The rows that an export of a table has, sorted."""
    names = ", ".join(name for name, _ in columns)
    rows = archives.ask(archive, f"select {names} from {SOURCES[table]}")
    return ordered(tuple(value(name, kind, cell) for (name, kind), cell in zip(columns, row)) for row in rows)


def value(name, kind, cell):
    """A cell of the archive as an export has it."""
    if cell is None:
        return None
    if kind == "datetime":
        return math.floor(cell * 1e6 + 0.5)
    if kind == "boolean":
        return cell != 0
    if name == "url" or name.endswith("_url"):
        link, _, query = cell.partition("?")
        signed = {"sig", "se"} & {name for name, _ in urllib.parse.parse_qsl(query)}
        return link if signed else cell
    return cell


def rows(table, columns):
    """The rows of a table of pyarrow, sorted."""
    names = [name for name in table.column_names if name not in MONTHS and not name.endswith("_unix")]
    # polars returns the columns of JSON in any order.
    assert sorted(names) == sorted(name for name, _ in columns), names
    cells = [column(table[name], kind) for name, kind in columns]
    return ordered(zip(*cells))


def column(values, kind):
    """The values of a column of pyarrow."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if kind != "datetime":
        values = values.to_pylist()
        if kind == "boolean":
            return [{"true": True, "false": False}.get(it, it) for it in values]
        if kind == "integer":
            return [it if it is None else whole(it) for it in values]
        # Some readers take a text such as 2025-10-02 for a date.
        return [it.isoformat()[:10] if isinstance(it, datetime.date) else it for it in values]
    if pa.types.is_timestamp(values.type):
        assert values.type.tz in ("UTC", "Etc/UTC", "Z"), values.type
        return values.cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
    return [it if it is None else micros(it) for it in values.to_pylist()]


def whole(number):
    """A number that a reader may hold as a double, if it is whole."""
    assert int(number) == number, number
    return int(number)


def micros(text):
    """Microseconds of an ISO 8601 text."""
    return (datetime.datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def ordered(found):
    """Sorts rows that may have nulls."""
    return sorted(found, key=lambda row: [(cell is not None, str(cell)) for cell in row])


def differences(found, expected):
    """The first items in which two lists or dictionaries differ. unittest takes minutes to compare large ones."""
    if isinstance(expected, dict):
        found, expected = (sorted(it.items(), key=repr) for it in (found, expected))
    differ = [pair for pair in zip(found, expected) if pair[0] != pair[1]][:3]
    return differ + ([f"{len(found)} items for {len(expected)}"] if len(found) != len(expected) else [])
