"""A small crawler as people write it for one job: the yardstick of `cargo bench -- peers`.

Lists go through 32 tasks. Each page is one transaction with its rows and the cursor of its list, so that a second start goes on
where the first one stopped. It keeps no raw replies, ledger, budget, history or attachments.

usage: script.py BASE_URL API_KEY USERS_FILE DATABASE
"""

import asyncio
import sqlite3
import sys

import aiohttp

TASKS = 32
SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = full;
create table if not exists users (user_id text primary key, username text, display_name text, description text, location text,
    website text, permalink text, picture text, verified integer, plan_type text, created_at real, follower_count integer,
    following_count integer, post_count integer, likes_received_count integer) without rowid;
create table if not exists posts (post_id text primary key, author_id text, text text, permalink text, posted_at real,
    updated_at real, view_count integer, like_count integer, reply_count integer, remix_count integer) without rowid;
create table if not exists comments (comment_id text primary key, post_id text, author_id text, text text, permalink text,
    posted_at real, like_count integer, reply_count integer) without rowid;
create index if not exists posts_of_author on posts (author_id);
create index if not exists comments_of_post on comments (post_id);
create table if not exists follows (followed text, follower text, primary key (followed, follower)) without rowid;
create table if not exists lists (kind text, subject text, cursor text, is_done integer not null default 0,
    primary key (kind, subject)) without rowid;
"""
USER = ["user_id", "username", "display_name", "description", "location", "website", "permalink", "profile_picture_url", "verified",
        "plan_type", "created_at", "follower_count", "following_count", "post_count", "likes_received_count"]
POST = ["id", "shared_by", "text", "permalink", "posted_at", "updated_at", "view_count", "like_count", "reply_count", "remix_count"]
COMMENT = ["id", "parent_post_id", "shared_by", "text", "permalink", "posted_at", "like_count", "reply_count"]


def upsert(table, columns, key=1):
    names = columns.split()
    changes = ", ".join(f"{name} = excluded.{name}" for name in names[key:])
    places = ", ".join("?" * len(names))
    return f"insert into {table} ({', '.join(names)}) values ({places}) on conflict do update set {changes}"


ADD_USER = upsert("users", "user_id username display_name description location website permalink picture verified plan_type "
                  "created_at follower_count following_count post_count likes_received_count")
ADD_POST = upsert("posts", "post_id author_id text permalink posted_at updated_at view_count like_count reply_count remix_count")
ADD_COMMENT = upsert("comments", "comment_id post_id author_id text permalink posted_at like_count reply_count")
ADD_FOLLOW = "insert into follows values (?, ?) on conflict do nothing"
ADD_LIST = "insert into lists (kind, subject) values (?, ?) on conflict do nothing"
SUBJECTS = {"get_user_posts": "user_id", "get_user_followers": "user_id", "get_post_comments": "post_id"}


def values(of, names):
    return [of.get(name) for name in names]


def keep(db, kind, subject, page):
    """Writes a page in one transaction. Returns the lists that it brought and the next cursor."""
    users, posts, comments, follows = [], [], [], []
    if kind == "get_post_comments":
        items = (page.get("children") or page).get("items") or []
        comments = [values(item["post"], COMMENT) for item in items]
    else:
        items = page["items"]
    users = [values(item["profile"], USER) for item in items]
    if kind == "get_user_posts":
        posts = [values(item["post"], POST) for item in items]
    if kind == "get_user_followers":
        follows = [(subject, item["profile"]["user_id"]) for item in items]
    more = [("get_post_comments", post[0]) for post in posts]
    cursor = (page.get("children") or page).get("cursor")
    with db:
        db.execute("begin")
        db.executemany(ADD_USER, users)
        db.executemany(ADD_POST, posts)
        db.executemany(ADD_COMMENT, comments)
        db.executemany(ADD_FOLLOW, follows)
        db.executemany(ADD_LIST, more)
        db.execute("update lists set cursor = ?, is_done = ? where kind = ? and subject = ?", (cursor, not cursor, kind, subject))
    return more, cursor


async def work(db, session, base, queue):
    while True:
        kind, subject, cursor = await queue.get()
        parameters = {SUBJECTS[kind]: subject} | ({"cursor": cursor} if cursor else {})
        async with session.get(f"{base}/api/v1/sora2/{kind}", params=parameters) as reply:
            reply.raise_for_status()
            page = (await reply.json())["data"]
        more, cursor = keep(db, kind, subject, page)
        if cursor:
            queue.put_nowait((kind, subject, cursor))
        for kind, subject in more:
            queue.put_nowait((kind, subject, None))
        queue.task_done()


async def main(base, key, users, database):
    db = sqlite3.connect(database, isolation_level=None)
    db.executescript(SCHEMA)
    with open(users, encoding="utf-8") as lines, db:
        db.execute("begin")
        for user in lines.read().split():
            db.execute(ADD_LIST, ("get_user_posts", user))
            db.execute(ADD_LIST, ("get_user_followers", user))
    queue = asyncio.LifoQueue()
    for place in db.execute("select kind, subject, cursor from lists where not is_done").fetchall():
        queue.put_nowait(place)
    connector = aiohttp.TCPConnector(limit=TASKS)
    async with aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {key}"}) as session:
        tasks = [asyncio.create_task(work(db, session, base, queue)) for _ in range(TASKS)]
        joined = asyncio.create_task(queue.join())
        # An error of a task ends the script.
        await asyncio.wait([joined, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
            task.cancel()
    db.close()


asyncio.run(main(*sys.argv[1:]))
