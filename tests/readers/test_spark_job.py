"""The example for Spark computes what SQLite and networkx compute."""

import importlib.util
import unittest

import networkx
import numpy

import archives
import needs
import sparks
import truth

JOB = needs.ROOT / "examples/spark/interactions.py"


def job():
    spec = importlib.util.spec_from_file_location("interactions", JOB)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Job(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.archive = archives.odd()
        cls.output = archives.FOLDER / "graph"
        job().run(sparks.session(), str(archives.exported(cls.archive, "lake")), str(cls.output))

    def result(self, name):
        return sparks.rows(sparks.session().read.parquet(str(self.output / name)))

    def test_the_weights_are_those_of_the_archive(self):
        expected = archives.ask(
            self.archive,
            "select source_user_id, target_user_id, kind, count(*) from interaction_edges"
            " where kind in ('comment', 'reply', 'mention', 'remix') group by 1, 2, 3 order by 1, 2, 3",
        )
        self.assertEqual(len({kind for _, _, kind, _ in expected}), 4)
        self.assertEqual(truth.differences(sorted(self.result("interactions")), expected), [])

    def test_the_ranks_are_those_of_networkx(self):
        graph = networkx.DiGraph()
        for source, target, _, weight in self.result("interactions"):
            before = graph.get_edge_data(source, target, {"weight": 0})["weight"]
            graph.add_edge(source, target, weight=before + weight)
        # The matrix needs no SciPy; networkx.pagerank does.
        matrix = networkx.google_matrix(graph, alpha=0.85, weight="weight")
        expected = numpy.full(len(graph), 1 / len(graph))
        for _ in range(200):
            expected = expected @ matrix
        expected = dict(zip(graph, numpy.asarray(expected).flatten()))
        found = dict(self.result("pagerank"))
        self.assertEqual(set(found), set(expected))
        self.assertAlmostEqual(sum(found.values()), 1, places=6)
        self.assertGreater(max(expected.values()), 2 * min(expected.values()))
        self.assertTrue(any(degree == 0 for _, degree in graph.out_degree()), "every user gives")
        for user, rank in expected.items():
            self.assertAlmostEqual(found[user], rank, delta=1e-4)

    def test_the_growth_is_that_of_the_archive(self):
        days = archives.ask(
            self.archive,
            "select date(posted_at, 'unixepoch') as day, count(*), sum(count(*)) over (order by date(posted_at, 'unixepoch'))"
            " from posts_now where posted_at is not null group by day order by day",
        )
        self.assertEqual(sorted((str(day), *rest) for day, *rest in self.result("posts_per_day")), days)
        likes = archives.ask(
            self.archive,
            "with days (day) as (select distinct date(observed_at, 'unixepoch') from post_growth where like_count is not null)"
            " select day, count(*), sum(like_count) from days join (select post_id, like_count, observed_at,"
            " lead(observed_at) over (partition by post_id order by observed_at) as until from post_growth"
            " where like_count is not null) on date(observed_at, 'unixepoch') <= day"
            " and (until is null or date(until, 'unixepoch') > day) group by day order by day",
        )
        self.assertGreater(len(likes), 3)
        self.assertEqual(sorted((str(day), *rest) for day, *rest in self.result("likes_per_day")), likes)


if __name__ == "__main__":
    unittest.main()
