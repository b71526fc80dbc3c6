"""Archives of simulated worlds, exports of them, and questions to SQLite itself.

Each archive and each export is made once, in a folder that is removed at the end.
"""

import atexit
import functools
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile

import needs

needs.check()

FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="soracrawl-readers-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

# A count of the remote that 32 bits wrap to 705082292, and one that a double rounds.
BEYOND_32_BITS = 5_000_049_588
BEYOND_DOUBLE = 2**53 + 1

# Texts that a reader may take for something else.
ODD_TEXTS = [
    "null",
    "NaN",
    "",
    "NA",
    "None",
    "#N/A",
    "\\N",
    "👩‍👩‍👧‍👧 🎬 naïve 電車",
    'one, "two"\nthree\r\nfour',
    '"',
    "\\",
    "\x1b[31mred\x1b[0m",
    "=1+1",
    "  spaces  ",
    "\t",
    "true",
    "12",
    "2025-10-02T21:30:26.928000Z",
]
# The ESC and the noncharacter are illegal in XML 1.0.
ODD_NAMES = ["\x1besc\x1b[0m", "\ufffe&<name>\x0b", "🎬", "null", 'quo"te']
# A month of its own, with microseconds.
ODD_TIME = 945_000_000.928_123
ODD_MONTH = "1999-12"


def soracrawl(*arguments, **options):
    """Runs the program and returns what it prints."""
    done = subprocess.run(
        [needs.program(), *map(str, arguments)], capture_output=True, text=True, cwd=FOLDER, check=False, **options
    )
    if done.returncode != 0:
        raise AssertionError(f"soracrawl {arguments} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def export(archive, kind, into, *more):
    """Exports an archive to a folder. Returns what the program prints."""
    return soracrawl("--archive", archive, "export", kind, "--into", into, "--licence", "none", *more)


def ask(archive, sql, *parameters):
    """Returns the rows of a query, read by the sqlite3 module of Python."""
    with sqlite3.connect(f"file:{archive}?mode=ro", uri=True) as connection:
        rows = connection.execute(sql, parameters).fetchall()
    connection.close()
    return rows


def copy(archive, name):
    """Copies an archive to a new file."""
    path = FOLDER / name
    source, target = sqlite3.connect(archive), sqlite3.connect(path)
    source.backup(target)
    source.close()
    target.close()
    return path


def change(archive, *statements):
    """Changes an archive behind the program's back."""
    connection = sqlite3.connect(archive)
    for statement in statements:
        sql, parameters = statement if isinstance(statement, tuple) else (statement, ())
        connection.execute(sql, parameters)
    connection.commit()
    connection.close()


@functools.cache
def demo():
    """The archive of `soracrawl demo`."""
    path = FOLDER / "demo.db"
    soracrawl("--archive", path, "demo")
    return path


@functools.cache
def odd():
    """The demo's archive with values that readers may get wrong."""
    path = copy(demo(), "odd.db")
    number = "(select count(*) from {table} other where other.id < {table}.id)"
    statements = []
    for at, text in enumerate(ODD_TEXTS):
        for table in ["posts", "comments"]:
            where = number.format(table=table)
            statements.append((f"update {table} set text = ? where {where} = ?", (text, at)))
    for at, name in enumerate(ODD_NAMES):
        statements.append((
            "update users set username = ?, description = '' where id ="
            " (select author_id from comments where author_id is not null group by author_id"
            " order by count(*) desc, author_id limit 1 offset ?)",
            (name, at),
        ))
    statements += [
        ("update posts set view_count = ?, like_count = null where id % 10 = 1", (BEYOND_32_BITS,)),
        ("update posts set view_count = ? where id % 10 = 2", (BEYOND_DOUBLE,)),
        ("update users set follower_count = ? where id % 10 = 3", (BEYOND_32_BITS,)),
        ("update post_stats set view_count = ? where post_id % 10 = 1", (BEYOND_32_BITS,)),
        # Rows without a month.
        "update posts set posted_at = null where id % 97 = 5",
        "update comments set posted_at = null where id % 97 = 5",
        # Three comments without replies have a month for themselves.
        (
            "update comments set posted_at = ? + id / 1000000.0 where id in (select id from comments c"
            " where c.posted_at is not null and not exists (select 1 from comments r where r.parent_comment_id = c.id)"
            " order by id limit 3)",
            (ODD_TIME,),
        ),
        # Second observations, on later days.
        "update post_stats set last_observed_at = observed_at",
        "insert into post_stats (post_id, call_id, observed_at, like_count, view_count)"
        " select post_id, call_id, observed_at + 86400.0 * (1 + post_id % 5), like_count + post_id % 7, view_count"
        " from post_stats",
    ]
    change(path, *statements)
    return path


@functools.cache
def large():
    """The archive of a larger world, with about 90,000 rows."""
    path = FOLDER / "large.db"
    world = (
        "--users 120 --audience 400 --characters 10 --posts 8 --followers 30 --comments 4 --replies 2"
        " --appearances 6 --remixes 25 --seed 11"
    )
    sim = subprocess.Popen(
        [needs.program(), "sim", *world.split()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=FOLDER
    )
    try:
        url, key = (sim.stdout.readline().split()[-1] for _ in range(2))
        config = FOLDER / "large.toml"
        limits = "requests_per_second = 5000\nendpoint_requests_per_second = 5000\nmax_in_flight = 32"
        config.write_text(
            f'[archive]\npath = "{path}"\n[api]\nbase_url = "{url}"\n[crawl]\nmax_depth = 2\n'
            f"[seeds]\nfeed = true\nleaderboard = true\n[limits]\n{limits}\n"
        )
        soracrawl(
            "--config", config, "run", "--until-idle", "--yes", "--progress", "plain", env=os.environ | {"TIKHUB_API_KEY": key}
        )
    finally:
        sim.send_signal(signal.SIGINT)
        sim.communicate()
    return path


@functools.cache
def exported(archive, kind, *more):
    """The folder with an export of an archive."""
    into = FOLDER / "-".join([archive.stem, kind, *(word.strip("-") for word in more)])
    export(archive, kind, into, *more)
    return into


def manifest(folder):
    """The resources of a folder's datapackage.json, by name."""
    return {it["name"]: it for it in json.loads((folder / "datapackage.json").read_text())["resources"]}
