"""The recipes of docs/analysis.md run as they are printed, and get what SQLite gets."""

import contextlib
import json
import pathlib
import subprocess
import sys
import unittest

import archives
import needs
import sparks

# What each recipe leaves behind, by the package that it shows.
RESULTS = {
    "pandas": {"views", "per_month"},
    "polars": {"views", "per_month"},
    "duckdb": {"views", "per_month"},
    "pyspark": {"views", "per_month"},
    "pyarrow": {"views"},
    "sqlite3": {"views"},
    "networkx": {"strongest"},
}


def blocks(language):
    """The fenced blocks of a language in the section of readers."""
    document = (needs.ROOT / "docs/analysis.md").read_text(encoding="utf-8")
    section = document.split("\n## Readers\n")[1].split("\n## ")[0]
    return [rest.split("\n```")[0] for rest in section.split(f"```{language}\n")[1:]]


class Recipes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archive = archives.copy(archives.odd(), "sora.db")
        for line in blocks("sh")[0].splitlines():
            archives.soracrawl(*line.split()[1:])

    def test_the_recipes_get_what_sqlite_gets(self):
        sparks.session()
        [(views,)] = archives.ask(self.archive, "select sum(view_count) from posts_now")
        month = "strftime('%Y-%m', posted_at, 'unixepoch')"
        per_month = dict(archives.ask(self.archive, f"select {month}, count(*) from comments_now group by 1"))
        [edge] = archives.ask(
            self.archive,
            "select source_user_id, target_user_id, count(*) as weight from interaction_edges where kind = 'comment'"
            " group by 1, 2 order by weight desc limit 1",
        )
        [(missing,)] = archives.ask(self.archive, "select count(*) from posts_now where coalesce(text, '') = ''")
        shown = set()
        for block in blocks("python"):
            package = block.split()[1].split(".")[0]
            with self.subTest(recipe=package):
                names = {}
                with contextlib.chdir(archives.FOLDER):
                    exec(compile(block, f"the recipe of {package}", "exec"), names)
                if "views" in RESULTS[package]:
                    self.assertEqual(int(names["views"]), views)
                if "per_month" in RESULTS[package]:
                    found = {it if isinstance(it, str) else None: count for it, count in names["per_month"].items()}
                    self.assertEqual(found, per_month)
                if "strongest" in RESULTS[package]:
                    self.assertEqual(names["strongest"][2], edge[2])
                if package == "pandas":
                    self.assertEqual(names["posts"]["text"].isna().sum(), missing)
                if package in ("pandas", "polars"):
                    self.assertRegex(str(names["posts"]["posted_at"].dtype), "(?i)datetime.*UTC")
            shown.add(package)
        self.assertEqual(shown, set(RESULTS))

    def test_datasette_starts_as_printed(self):
        [line] = [block for block in blocks("sh") if block.startswith("datasette ")]
        program, *arguments = line.split()
        page = "/sora/users_now.json?_shape=array&_size=3"
        command = [pathlib.Path(sys.executable).with_name(program), *arguments, "--get", page]
        done = subprocess.run(command, capture_output=True, text=True, cwd=archives.FOLDER, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(done.stdout)), 3)

    def test_an_archive_that_nothing_writes_opens_as_immutable(self):
        import sqlite3

        connection = sqlite3.connect(f"file:{self.archive}?immutable=1", uri=True)
        self.addCleanup(connection.close)
        found = connection.execute("select count(*) from posts_now").fetchall()
        self.assertEqual(found, archives.ask(self.archive, "select count(*) from posts_now"))


if __name__ == "__main__":
    unittest.main()
