"""CSV, JSON Lines and Parquet mean the same to every reader."""

import unittest

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

import archives
import readers
import truth

FORMATS = {"csv": readers.CSV, "jsonl": readers.JSONL, "parquet": readers.PARQUET}


class Tables(unittest.TestCase):
    def test_the_archive_has_the_values_that_readers_get_wrong(self):
        odd = archives.odd()
        for sql in [
            f"select 1 from posts_now where view_count = {archives.BEYOND_32_BITS} and like_count is null",
            f"select 1 from posts_now where view_count = {archives.BEYOND_DOUBLE}",
            "select 1 from posts_now where posted_at is null",
            "select 1 from users_now where description = ''",
            "select 1 from users_now where description is null",
            "select 1 from users_now where username like char(27) || '%'",
            "select 1 from comments_now where round(posted_at * 1e6) % 1000 <> 0",
        ]:
            self.assertTrue(archives.ask(odd, sql), sql)
        for table in ["posts_now", "comments_now"]:
            texts = {text for (text,) in archives.ask(odd, f"select text from {table}")}
            self.assertEqual(set(archives.ODD_TEXTS) - texts, set())

    def test_every_reader_reads_every_cell_of_every_format(self):
        odd = archives.odd()
        for kind, kinds in FORMATS.items():
            folder = archives.exported(odd, kind)
            resources = archives.manifest(folder)
            self.assertEqual(set(resources), set(truth.SOURCES))
            for table, resource in resources.items():
                columns = truth.fields(resource)
                expected = truth.expected(odd, table, columns)
                self.assertEqual(len(expected), resource["rows"])
                # Without rows, CSV and JSON have nothing to compare.
                if kind != "parquet" and not expected:
                    continue
                for name, read in kinds.items():
                    with self.subTest(format=kind, table=table, reader=name):
                        path = folder / f"{table}.{kind}"
                        expected_here = expected
                        if kind == "csv" and name == "pandas":
                            # To pandas an empty text of CSV is missing.
                            cells = (tuple(None if cell == "" else cell for cell in row) for row in expected)
                            expected_here = truth.ordered(cells)
                        self.assertEqual(truth.differences(truth.rows(read(path), columns), expected_here), [])

    def test_the_csv_module_reads_every_text_but_not_what_is_null(self):
        odd = archives.odd()
        folder = archives.exported(odd, "csv")
        for table in ["users", "posts", "comments"]:
            columns = [it for it in truth.fields(archives.manifest(folder)[table]) if it[1] == "string"]
            read = readers.stdlib_csv(folder / f"{table}.csv").select([name for name, _ in columns])
            expected = truth.expected(odd, table, columns)
            expected = truth.ordered(tuple(cell or "" for cell in row) for row in expected)
            self.assertEqual(truth.differences(truth.rows(read, columns), expected), [])

    def test_an_empty_text_of_csv_is_quoted_and_a_null_is_not(self):
        folder = archives.exported(archives.odd(), "csv")
        table = readers.CSV["pyarrow"](folder / "users.csv")
        counts = archives.ask(archives.odd(), "select sum(description = ''), sum(description is null) from users_now")
        descriptions = table["description"].to_pylist()
        self.assertEqual((descriptions.count(""), descriptions.count(None)), counts[0])

    def test_the_seconds_beside_a_time_are_the_same_time(self):
        odd = archives.odd()
        expected = archives.ask(odd, "select posted_at from comments_now order by comment_id")
        for kind, read in [("csv", readers.CSV["polars"]), ("jsonl", readers.JSONL["stdlib"])]:
            table = read(archives.exported(odd, kind) / f"comments.{kind}").sort_by("comment_id")
            self.assertEqual(table["posted_at_unix"].to_pylist(), [time for (time,) in expected])

    def test_counts_beyond_32_bits_have_the_right_sum_in_every_reader(self):
        odd = archives.odd()
        [(expected,)] = archives.ask(odd, "select sum(view_count) from posts_now")
        self.assertGreater(expected, 2**53)
        path = {kind: archives.exported(odd, kind) / f"posts.{kind}" for kind in FORMATS}
        sums = {
            "pandas csv": pandas.read_csv(path["csv"], dtype_backend="numpy_nullable")["view_count"].sum(),
            "pandas parquet": pandas.read_parquet(path["parquet"], dtype_backend="numpy_nullable")["view_count"].sum(),
            "polars csv": polars.read_csv(path["csv"], infer_schema_length=None)["view_count"].sum(),
            "polars parquet": polars.read_parquet(path["parquet"])["view_count"].sum(),
            "pyarrow": pa.compute.sum(pa.parquet.read_table(path["parquet"])["view_count"]).as_py(),
            "duckdb": duckdb.sql(f"select sum(view_count) from '{path['parquet']}'").fetchall()[0][0],
            "duckdb csv": duckdb.sql(f"select sum(view_count) from read_csv('{path['csv']}')").fetchall()[0][0],
        }
        self.assertEqual({name: int(sum) for name, sum in sums.items()}, dict.fromkeys(sums, expected))

    def test_a_parquet_file_declares_the_type_of_every_column(self):
        arrow = {
            "string": pa.string(),
            "integer": pa.int64(),
            "number": pa.float64(),
            "boolean": pa.bool_(),
            "datetime": pa.timestamp("us", "UTC"),
        }
        in_duckdb = {
            "string": "VARCHAR",
            "integer": "BIGINT",
            "number": "DOUBLE",
            "boolean": "BOOLEAN",
            "datetime": "TIMESTAMP WITH TIME ZONE",
        }
        folder = archives.exported(archives.odd(), "parquet")
        for table, resource in archives.manifest(folder).items():
            path, columns = folder / f"{table}.parquet", truth.fields(resource)
            schema = pa.parquet.read_schema(path)
            self.assertEqual([(it.name, it.type) for it in schema], [(name, arrow[kind]) for name, kind in columns])
            described = duckdb.sql(f"describe from '{path}'").fetchall()
            self.assertEqual([it[:2] for it in described], [(name, in_duckdb[kind]) for name, kind in columns])

    def test_pandas_takes_the_texts_null_and_nan_for_missing_unless_it_is_told(self):
        odd = archives.odd()
        path = archives.exported(odd, "csv") / "posts.csv"
        careless = pandas.read_csv(path)["text"].isna().sum()
        careful = pandas.read_csv(path, keep_default_na=False, na_values=[""])["text"].isna().sum()
        [(missing,)] = archives.ask(odd, "select count(*) from posts_now where coalesce(text, '') = ''")
        self.assertEqual(careful, missing)
        self.assertGreater(careless, missing)


if __name__ == "__main__":
    unittest.main()
