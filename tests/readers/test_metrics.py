"""The metrics of the daemon, as Prometheus reads them, beside the ledger as SQLite reads it."""

import re
import signal
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families

import needs
from daemons import Daemon, Simulator, wait

WORLD = "--users 12 --audience 30 --characters 2 --posts 3 --followers 6 --comments 1 --replies 0".split()
FAST = {"requests_per_second": 5000, "endpoint_requests_per_second": 5000, "retry_base_seconds": 0.05}
# Calls of the ledger by the outcome that the metric names.
LEDGER = """
select endpoint, iif(http_status = 429, 'throttled', outcome) as name, count(*), sum(kept), sum(cost_micro_usd),
       sum(kept * coalesce(row_count, 0)), sum(coalesce(body_bytes, 0))
from calls where outcome <> 'open' group by 1, 2
"""


def families(daemon):
    answer = daemon.get("/metrics")
    assert answer.getheader("content-type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def counters(daemon):
    """Returns every sample of every counter."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families(daemon).values()
        if family.type == "counter"
        for sample in family.samples
    }


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Slow answers, so that a kill meets calls in flight.
        cls.remote = Simulator("--latency-ms", 100, "--faults", 0.05, *WORLD).start()
        cls.addClassCleanup(cls.remote.stop)
        cls.daemon = Daemon(cls.remote, seeds="feed = true\nleaderboard = true", limits=FAST, budget="day_usd = 1000")
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        calls = "select count(*) from calls where kept"
        wait(lambda: cls.daemon.ask(calls)[0][0] > 40, "pages are kept")
        cls.before = counters(cls.daemon)
        cls.daemon.end(signal.SIGKILL)
        cls.daemon.start()
        cls.after = counters(cls.daemon)
        wait(lambda: cls.daemon.state() == "idle", "the crawl is done")

    def test_no_counter_falls_when_the_daemon_is_killed(self):
        self.assertGreater(sum(self.before.values()), 0)
        fallen = {name: value for name, value in self.before.items() if self.after.get(name, 0) < value}
        self.assertEqual(fallen, {})

    def test_counters_equal_the_ledger(self):
        expected = {}
        for endpoint, outcome, calls, pages, cost, rows, size in self.daemon.ask(LEDGER):
            at = ("endpoint", endpoint)
            expected[("soracrawl_calls_total", at, ("outcome", outcome))] = calls
            for name, value in [("pages", pages), ("spent_usd", cost / 1e6), ("rows", rows), ("reply_bytes", size)]:
                key = (f"soracrawl_{name}_total", at)
                expected[key] = expected.get(key, 0) + value
        found = {key: value for key, value in counters(self.daemon).items() if value}
        expected = {key: value for key, value in expected.items() if value}
        self.assertEqual({key: round(value, 6) for key, value in found.items()},
                         {key: round(value, 6) for key, value in expected.items()})
        outcomes = {dict(key[1:])["outcome"] for key in found if key[0] == "soracrawl_calls_total"}
        self.assertLessEqual({"answered", "throttled", "unknown"}, outcomes)

    def test_gauges_equal_the_archive(self):
        now = families(self.daemon)
        value = lambda name: [sample.value for sample in now[name].samples]
        self.assertEqual(value("soracrawl_reserved_usd"), [0])
        spent = sum(value("soracrawl_spent_usd"))
        charged = {sample.labels["scope"]: sample.value for sample in now["soracrawl_budget_charged_usd"].samples}
        for scope in ["run", "day", "total"]:
            self.assertAlmostEqual(charged[scope], spent)
        self.assertEqual([(it.labels, it.value) for it in now["soracrawl_budget_usd"].samples], [({"scope": "day"}, 1000)])
        states = {sample.labels["state"]: sample.value for sample in now["soracrawl_state"].samples}
        self.assertEqual([state for state, is_now in states.items() if is_now], ["idle"])
        jobs = [(it.labels["endpoint"], it.labels["state"], it.labels["reason"], it.value)
                for it in now["soracrawl_jobs"].samples if it.value]
        sql = "select endpoint, state, coalesce(stop_reason, ''), count(*) from jobs group by 1, 2, 3"
        self.assertEqual(sorted(jobs), sorted(self.daemon.ask(sql)))
        newest = self.daemon.ask("select max(settled_at) from calls where kept")[0][0]
        self.assertAlmostEqual(value("soracrawl_last_kept_timestamp_seconds")[0], newest, places=0)

    def test_the_histogram_counts_every_call_of_this_process(self):
        samples = families(self.daemon)["soracrawl_call_duration_seconds"].samples
        buckets = [sample.value for sample in samples if sample.name.endswith("_bucket")]
        [count] = [sample.value for sample in samples if sample.name.endswith("_count")]
        [last] = [sample.value for sample in samples if sample.labels.get("le") == "+Inf"]
        self.assertEqual(sorted(buckets), buckets)
        self.assertTrue(last == count > 0, (last, count))

    def test_every_metric_has_the_type_and_the_labels_of_the_documents(self):
        text = (needs.ROOT / "docs/metrics.md").read_text()
        rows = re.findall(r"^\| `(soracrawl_\w+)` \| (\w+) \| (.*?) \|", text, re.MULTILINE)
        documented = {name: (kind, re.findall(r"`(\w+)`", labels)) for name, kind, labels in rows}
        found = families(self.daemon)
        # The documents name a counter as queries do.
        names = {name + "_total" * (family.type == "counter"): family for name, family in found.items()}
        self.assertEqual(set(names), set(documented))
        for name, family in names.items():
            kind, labels = documented[name]
            self.assertEqual(family.type, kind, name)
            for sample in family.samples:
                self.assertEqual([it for it in sample.labels if it != "le"], labels, name)


if __name__ == "__main__":
    unittest.main()
