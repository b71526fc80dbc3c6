"""A lake means the same to every reader, also after it was updated."""

import hashlib
import re
import shutil
import unittest

import duckdb
import pyarrow.parquet

import archives
import readers
import sparks
import truth

# Of the bytes of a lake, what one per cent more pages may rewrite at most in the small world of the tests.
REWRITTEN = 0.35
# The folder of rows without a time.
NO_MONTH = "__HIVE_DEFAULT_PARTITION__"


def digests(lake):
    """The size and digest of each Parquet file of a lake."""
    files = {path.relative_to(lake): path.read_bytes() for path in lake.rglob("*.parquet")}
    return {str(path): (len(content), hashlib.sha256(content).hexdigest()) for path, content in files.items()}


def months(archive, table, time):
    """The rows of each month, in SQLite."""
    view = truth.SOURCES[table]
    sql = f"select strftime('%Y-%m', {time}, 'unixepoch') as month, count(*) from {view} group by month"
    return dict(archives.ask(archive, sql))


class Lake(unittest.TestCase):
    def sums_are_right(self, archive, lake):
        """Compares rows and sums of Spark and DuckDB with SQLite."""
        for table, number in [("posts", "view_count"), ("comments", "like_count"), ("users", "follower_count")]:
            ask = f"select count(*), count({number}), sum({number}) from"
            [expected] = archives.ask(archive, f"{ask} {truth.SOURCES[table]}")
            in_spark = sparks.session().read.parquet(str(lake / table))
            in_spark.createOrReplaceTempView("lake_table")
            self.assertEqual(sparks.rows(sparks.session().sql(f"{ask} lake_table")), [expected], table)
            in_duckdb = f"read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = true)"
            [found] = duckdb.sql(f"{ask} {in_duckdb}").fetchall()
            self.assertEqual(tuple(map(int, found)), expected, table)

    def months_are_right(self, archive, lake):
        for table, time in [("posts", "posted_at"), ("comments", "posted_at"), ("mentions", "posted_at")]:
            expected = months(archive, table, time)
            in_spark = sparks.session().read.parquet(str(lake / table)).groupBy("posted_month").count()
            self.assertEqual(dict(sparks.rows(in_spark)), expected, table)
            files = f"read_parquet('{lake}/{table}/**/*.parquet', hive_partitioning = true)"
            in_duckdb = duckdb.sql(f"select posted_month, count(*) from {files} group by posted_month")
            self.assertEqual(dict(in_duckdb.fetchall()), expected, table)

    def test_every_reader_reads_every_cell_of_a_lake(self):
        odd = archives.odd()
        lake = archives.exported(odd, "lake")
        kinds = readers.LAKE | {"spark": lambda path: sparks.session().read.parquet(str(path)).toArrow()}
        for table, resource in archives.manifest(lake).items():
            columns = truth.fields(resource)
            expected = truth.expected(odd, table, columns)
            self.assertEqual(len(expected), resource["rows"])
            for name, read in kinds.items():
                with self.subTest(table=table, reader=name):
                    has_no_month = [it.name for it in (lake / table).iterdir()] == [f"observed_month={NO_MONTH}"]
                    how = {"partitioning": readers.MONTHS} if has_no_month and name in ("pandas", "pyarrow") else {}
                    found = truth.rows(read(lake / table, **how), columns)
                    self.assertEqual(truth.differences(found, expected), [])

    def test_spark_reads_the_same_cells_from_parquet_and_json_lines(self):
        odd = archives.odd()
        for kind, read in [("parquet", "parquet"), ("jsonl", "json")]:
            folder = archives.exported(odd, kind)
            for table in ["posts", "comments"]:
                columns = truth.fields(archives.manifest(folder)[table])
                frame = getattr(sparks.session().read, read)(str(folder / f"{table}.{kind}"))
                found = truth.rows(frame.select([name for name, _ in columns]).toArrow(), columns)
                self.assertEqual(truth.differences(found, truth.expected(odd, table, columns)), [], (kind, table))

    def test_a_month_is_a_text_and_rows_without_a_time_have_none(self):
        odd = archives.odd()
        lake = archives.exported(odd, "lake")
        frame = sparks.session().read.parquet(str(lake / "posts"))
        self.assertEqual(dict(frame.dtypes)["posted_month"], "string")
        self.assertEqual(dict(frame.dtypes)["posted_at"], "timestamp")
        self.assertEqual(dict(frame.dtypes)["view_count"], "bigint")
        files = f"read_parquet('{lake}/posts/**/*.parquet', hive_partitioning = true)"
        described = {row[0]: row[1] for row in duckdb.sql(f"describe from {files}").fetchall()}
        self.assertEqual(described["posted_month"], "VARCHAR")
        self.assertIn(archives.ODD_MONTH, months(odd, "comments", "posted_at"))
        self.assertGreater(months(odd, "posts", "posted_at")[None], 0)
        self.sums_are_right(odd, lake)
        self.months_are_right(odd, lake)

    def test_all_files_of_a_table_have_one_schema(self):
        for archive in [archives.odd(), archives.large()]:
            lake = archives.exported(archive, "lake")
            for table in truth.SOURCES:
                files = sorted((lake / table).rglob("*.parquet"))
                schemas = [pyarrow.parquet.ParquetFile(path).schema for path in files]
                self.assertTrue(all(schema.equals(schemas[0]) for schema in schemas), table)
                self.assertTrue({"posted_month", "observed_month"}.isdisjoint(schemas[0].names), table)
            self.assertGreater(len(list((lake / "comments").rglob("*.parquet"))), 1)

    def test_one_per_cent_more_pages_rewrite_a_small_part_of_the_lake(self):
        large = archives.large()
        before = archives.copy(large, "before.db")
        [(calls,)] = archives.ask(before, "select max(id) from calls")
        last = calls - calls // 100
        tables = [name for (name,) in archives.ask(before, "select name from sqlite_master where type = 'table'")]
        for table in tables:
            columns = {row[1] for row in archives.ask(before, f"pragma table_info({table})")}
            for column in columns & {"first_call_id", "call_id"}:
                archives.change(before, (f"delete from {table} where {column} > ?", (last,)))
            if {"first_call_id", "last_call_id"} <= columns:
                archives.change(before, (f"update {table} set last_call_id = first_call_id where last_call_id > ?", (last,)))
        archives.change(before, ("delete from calls where id > ?", (last,)))

        lake = archives.FOLDER / "updated"
        archives.export(before, "lake", lake)
        self.sums_are_right(before, lake)
        old = digests(lake)
        said = archives.export(large, "lake", lake)
        new = digests(lake)
        self.sums_are_right(large, lake)
        self.months_are_right(large, lake)
        rewritten = {path: size for path, (size, digest) in new.items() if old.get(path) != (size, digest)}
        total = sum(size for size, _ in new.values())
        share = sum(rewritten.values()) / total
        rows = [sum(archives.ask(it, f"select count(*) from {table}")[0][0] for table in ["posts", "comments", "mentions"])
                for it in [before, large]]
        print(
            f"\n{calls // 100} of {calls} pages are new, with {rows[1] - rows[0]} of {rows[1]} posts, comments and mentions:"
            f" {len(rewritten)} of {len(new)} files with {sum(rewritten.values())} of {total} bytes were rewritten"
            f" ({share:.1%})"
        )
        self.assertIn(f"{len(rewritten)} files with {sum(rewritten.values()):,} bytes changed", said)
        self.assertGreater(rows[1], rows[0])
        self.assertLess(share, REWRITTEN)
        # The updated lake is the one that is written at once.
        self.assertEqual(truth.differences(new, digests(archives.exported(large, "lake"))), [])

    def test_an_export_without_a_change_writes_nothing(self):
        lake = shutil.copytree(archives.exported(archives.odd(), "lake"), archives.FOLDER / "same")
        old = digests(lake)
        said = archives.export(archives.odd(), "lake", lake)
        self.assertRegex(said, r"\b0 files with 0 bytes changed, 0 removed")
        self.assertEqual(truth.differences(digests(lake), old), [])

    def test_a_month_that_vanishes_takes_its_files_with_it(self):
        lake = shutil.copytree(archives.exported(archives.odd(), "lake"), archives.FOLDER / "vanished")
        erased = archives.copy(archives.odd(), "erased.db")
        gone = f"(select id from comments where strftime('%Y-%m', posted_at, 'unixepoch') = '{archives.ODD_MONTH}')"
        archives.change(
            erased,
            f"delete from comment_stats where comment_id in {gone}",
            f"delete from comment_entities where comment_id in {gone}",
            f"delete from comments where id in {gone}",
        )
        folder = lake / "comments" / f"posted_month={archives.ODD_MONTH}"
        self.assertTrue(folder.exists())
        said = archives.export(erased, "lake", lake)
        self.assertTrue(re.search(r", [1-9][0-9]* removed", said), said)
        self.assertFalse(folder.exists())
        self.assertNotIn(archives.ODD_MONTH, months(erased, "comments", "posted_at"))
        self.sums_are_right(erased, lake)
        self.months_are_right(erased, lake)


if __name__ == "__main__":
    unittest.main()
