"""The vendor's own client works with `soracrawl replay`."""

import os
import pathlib
import sqlite3
import subprocess
import tempfile
import unittest

import needs
import tikhub
from daemons import Simulator, free_port


class Replays(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        remote = Simulator("--users", 5, "--audience", 20, "--feed", 30, "--posts", 40).start()
        cls.addClassCleanup(remote.stop)
        folder = tempfile.TemporaryDirectory(prefix="soracrawl-replay-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "crawler.toml").write_text(
            f'[archive]\npath = "a.db"\n[api]\nbase_url = "{remote.url}"\n[limits]\nrequests_per_second = 500\n'
            "[seeds]\nfeed = true\n[crawl]\nmax_depth = 1\n"
        )
        environment = os.environ | {"TIKHUB_API_KEY": remote.key}
        crawl = [needs.program(), "run", "--until-idle", "--yes"]
        subprocess.run(crawl, check=True, capture_output=True, cwd=cls.folder, env=environment)
        remote.stop()
        port = free_port()
        replay = [needs.program(), "replay", "a.db", "--listen", f"127.0.0.1:{port}"]
        cls.process = subprocess.Popen(
            replay, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=cls.folder
        )
        cls.addClassCleanup(cls.process.communicate)
        cls.addClassCleanup(cls.process.terminate)
        cls.process.stdout.readline()
        cls.client = tikhub.TikHub(api_key="any", base_url=f"http://127.0.0.1:{port}", max_retries=0)

    def ask(self, sql):
        database = sqlite3.connect(self.folder / "a.db")
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def test_every_page_of_every_walk_is_there(self):
        jobs = self.ask(
            "select endpoint, subject, pages, items from jobs where stop_reason = 'complete' and pages > 0 "
            "and endpoint in ('get_user_posts', 'get_user_followers', 'get_feed') and not exists "
            "(select 1 from calls where job_id = jobs.id and kept = 1 and id = (select min(id) from calls where job_id = jobs.id) "
            "and cursor is not null)"
        )
        self.assertGreater(len(jobs), 5)
        self.assertTrue(any(pages > 1 for _, _, pages, _ in jobs), jobs)
        for endpoint, subject, pages, items in jobs:
            ask, cursor, found = getattr(self.client.sora2, endpoint), {}, []
            about = {"user_id": subject} if subject else {}
            while True:
                reply = ask(**about, **cursor)
                self.assertEqual(reply["code"], 200)
                found.append(len(reply["data"]["items"]))
                if not reply["data"].get("cursor"):
                    break
                cursor = {"cursor": reply["data"]["cursor"]}
            self.assertEqual((len(found), sum(found)), (pages, items), (endpoint, subject))

    def test_what_is_not_there_is_an_error_of_the_client(self):
        with self.assertRaises(tikhub.TikHubServerError) as raised:
            self.client.sora2.get_user_posts(user_id="user-nobody")
        self.assertEqual(raised.exception.status_code, 501)
