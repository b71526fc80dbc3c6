"""Readers of the SQLite file itself: datasette, pandas and polars."""

import asyncio
import sqlite3
import unittest

import pandas
import polars
from datasette.app import Datasette

import archives
import truth

SQL = "select post_id, text, view_count, like_count from posts_now order by post_id"


class Database(unittest.TestCase):
    def test_pandas_and_polars_read_every_cell_of_a_query(self):
        expected = archives.ask(archives.odd(), SQL)
        connection = sqlite3.connect(f"file:{archives.odd()}?mode=ro", uri=True)
        self.addCleanup(connection.close)
        of_pandas = pandas.read_sql(SQL, connection, dtype_backend="pyarrow")
        found = [tuple(None if pandas.isna(it) else it for it in row) for row in of_pandas.itertuples(index=False)]
        self.assertEqual(truth.differences(found, expected), [])
        of_polars = polars.read_database(SQL, connection, infer_schema_length=None)
        self.assertEqual(truth.differences(of_polars.rows(), expected), [])

    def test_datasette_shows_every_view_and_every_cell(self):
        odd = archives.odd()
        datasette = Datasette([str(odd)], settings={"suggest_facets": False})

        async def get(path):
            await datasette.invoke_startup()
            reply = await datasette.client.get(path)
            self.assertEqual(reply.status_code, 200, (path, reply.text[:500]))
            return reply.json()

        async def ask():
            rows = (await get("/odd.json?_shape=arrays&_size=max&sql=" + SQL.replace(" ", "+")))["rows"]
            self.assertEqual(truth.differences([tuple(row) for row in rows], archives.ask(odd, SQL)), [])
            views = [name for (name,) in archives.ask(odd, "select name from sqlite_master where type = 'view'")]
            for view in views:
                found = await get(f"/odd/{view}.json?_shape=array&_size=5")
                [(count,)] = archives.ask(odd, f"select count(*) from (select 1 from {view} limit 5)")
                self.assertEqual(len(found), count, view)
            self.assertGreater(len(views), 10)

        asyncio.run(ask())


if __name__ == "__main__":
    unittest.main()
