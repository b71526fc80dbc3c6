"""Captures of other programs are imported, and others read what the program exports as WARC."""

import http.client
import io
import json
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import captures
import needs
from daemons import Simulator
from warcio.archiveiterator import ArchiveIterator
from warcio.capture_http import capture_http
from warcio.warcwriter import WARCWriter

SECRETS = [b"Bearer", b"x=1"]


class Imports(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.remote = Simulator("--users", 4, "--audience", 20, "--feed", 30).start()
        cls.addClassCleanup(cls.remote.stop)
        leaders = json.loads(captures.get(cls.remote, "/api/v1/sora2/get_cameo_leaderboard"))["data"]["items"]
        user = (leaders[0].get("profile") or leaders[0])["user_id"]
        cls.paths = [
            *captures.pages(cls.remote, "/api/v1/sora2/get_feed"),
            *captures.pages(cls.remote, f"/api/v1/sora2/get_user_posts?user_id={user}"),
            f"/api/v1/sora2/get_user_profile?user_id={user}",
        ]
        cls.bodies = {path: captures.get(cls.remote, path) for path in cls.paths}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="soracrawl-import-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "crawler.toml").write_text('[archive]\npath = "a.db"\n')

    def soracrawl(self, *arguments):
        done = subprocess.run([needs.program(), *arguments], capture_output=True, text=True, cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def check(self, file):
        """Imports a file, and checks that the archive has the calls and no secret."""
        self.soracrawl("import", file)
        self.soracrawl("verify")
        database = sqlite3.connect(self.folder / "a.db")
        calls = database.execute("select endpoint, cursor is null, count(*) from calls group by 1, 2").fetchall()
        database.close()
        expected = {}
        for path in self.paths:
            key = (path.split("/")[-1].split("?")[0], int("cursor=" not in path))
            expected[key] = expected.get(key, 0) + 1
        self.assertEqual({(endpoint, head): count for endpoint, head, count in calls}, expected)
        for place in self.folder.glob("a.db*"):
            for secret in [*SECRETS, self.remote.key.encode()]:
                self.assertNotIn(secret, place.read_bytes())
        self.assertIn("0 replies imported", self.soracrawl("import", file))

    def test_a_har_file_of_a_browser_is_imported(self):
        har = captures.har(self.remote, self.paths)
        self.assertGreater(len(har["log"]["entries"]), len(self.paths))
        (self.folder / "page.har").write_text(json.dumps(har))
        self.check("page.har")

    def test_a_warc_file_of_warcio_is_imported(self):
        with capture_http(str(self.folder / "x.warc.gz")):
            for path in self.paths:
                connection = http.client.HTTPConnection("127.0.0.1", self.remote.port)
                connection.request("GET", path, headers={"Authorization": f"Bearer {self.remote.key}", "Cookie": "x=1"})
                connection.getresponse().read()
                connection.close()
        self.check("x.warc.gz")

    def test_resources_of_warcio_are_imported(self):
        with open(self.folder / "x.warc", "wb") as file:
            writer = WARCWriter(file, gzip=False)
            for path, body in self.bodies.items():
                record = writer.create_warc_record(
                    self.remote.url + path, "resource", payload=io.BytesIO(body), warc_content_type="application/json"
                )
                writer.write_record(record)
        self.check("x.warc")

    def test_warcio_reads_what_is_exported(self):
        lines = [json.dumps({"url": self.remote.url + path, "body": body.decode()}) for path, body in self.bodies.items()]
        (self.folder / "x.jsonl").write_text("\n".join(lines))
        self.soracrawl("import", "x.jsonl")
        self.soracrawl("export", "warc", "--into", "out", "--licence", "none")
        files = sorted(str(file) for file in (self.folder / "out").glob("*.warc.gz"))
        self.assertEqual(len(files), 1)
        found, kinds = {}, []
        with open(files[0], "rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                kinds.append(record.rec_type)
                content = record.content_stream().read()
                if record.rec_type == "resource":
                    url = record.rec_headers.get_header("WARC-Target-URI")
                    found[url.split("/sora2/")[1]] = content
                if record.rec_type == "metadata":
                    self.assertIn(b"price-usd: 0\r\n", content)
        self.assertEqual(kinds, ["warcinfo", *["resource", "metadata"] * len(self.paths)])
        # The program removes the signature of a cached copy.
        payloads = lambda bodies: sorted(json.dumps(json.loads(body)["data"]) for body in bodies)
        self.assertEqual(payloads(found.values()), payloads(self.bodies.values()))

        tool = [sys.executable, "-m", "warcio.cli"]
        subprocess.run([*tool, "check", *files], check=True, capture_output=True)
        index = subprocess.run([*tool, "index", *files], check=True, capture_output=True, text=True)
        self.assertEqual(len(index.stdout.splitlines()), 1 + 2 * len(self.paths))
