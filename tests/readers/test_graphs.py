"""networkx reads the networks of GEXF and GraphML, with the edges that SQLite counts."""

import collections
import unittest
import xml.etree.ElementTree

import networkx

import archives
import truth

KINDS = {
    "comments": "comment",
    "replies": "reply",
    "mentions": "mention",
    "remixes": "remix",
    "reposts": "repost",
    "appearances": "appearance",
    "follows": "follow",
}
PAIRS = {
    "co-comment": "select distinct post_id, author_user_id as user_id from comments_now"
    " where post_id is not null and author_user_id is not null",
    "co-appearance": "select distinct post_id, user_id from appearance_edges",
}
READ = {"gexf": networkx.read_gexf, "graphml": networkx.read_graphml}


def edges(archive, network):
    """The weight of each edge."""
    if network in KINDS:
        sql = (
            "select source_user_id, target_user_id, count(*) from interaction_edges where kind = ?"
            " group by source_user_id, target_user_id"
        )
        rows = archives.ask(archive, sql, KINDS[network])
    else:
        spokes = PAIRS[network]
        rows = archives.ask(
            archive,
            f"select a.user_id, b.user_id, count(*) from ({spokes}) a join ({spokes}) b"
            " on b.post_id = a.post_id and b.user_id > a.user_id group by 1, 2",
        )
    return {(source, target): weight for source, target, weight in rows}


def degrees(found):
    """The sorted degrees of users, and the sorted sums of weights."""
    degree, strength = collections.Counter(), collections.Counter()
    for (source, target), weight in found.items():
        for user in (source, target):
            degree[user] += 1
            strength[user] += weight
    return sorted(degree.values()), sorted(strength.values())


def weights(graph):
    """The weight of each edge of a graph of networkx. The ends of an undirected one are sorted."""
    found = {}
    for source, target, weight in graph.edges(data="weight"):
        found[(source, target) if graph.is_directed() else tuple(sorted([source, target]))] = weight
    return found


class Graphs(unittest.TestCase):
    def test_every_network_has_the_edges_and_degrees_that_sqlite_counts(self):
        for archive, networks in [(archives.odd(), [*KINDS, *PAIRS]), (archives.large(), ["comments", "co-comment"])]:
            for network in networks:
                expected = edges(archive, network)
                self.assertTrue(expected, network)
                for kind, read in READ.items():
                    with self.subTest(archive=archive.stem, network=network, format=kind):
                        folder = archives.exported(archive, kind, "--network", network)
                        graph = read(folder / f"{network}.{kind}")
                        self.assertEqual(graph.is_directed(), network in KINDS)
                        self.assertFalse(graph.is_multigraph())
                        self.assertEqual(truth.differences(weights(graph), expected), [])
                        self.assertEqual(set(graph), {user for edge in expected for user in edge})
                        found = sorted(count for _, count in graph.degree()), sorted(
                            count for _, count in graph.degree(weight="weight")
                        )
                        for one, other in zip(found, degrees(expected)):
                            self.assertEqual(truth.differences(one, other), [])

    def test_users_have_names_and_counts_beyond_32_bits(self):
        odd = archives.odd()
        sql = "select user_id, username, follower_count, verified, created_at from users_now"
        users = {user: rest for user, *rest in archives.ask(odd, sql)}
        for kind, read in READ.items():
            graph = read(archives.exported(odd, kind, "--network", "comments") / f"comments.{kind}")
            largest = 0
            for user, data in graph.nodes(data=True):
                name, followers, verified, created = users[user]
                self.assertEqual(data["label"], legal(user if name is None else name))
                self.assertEqual(data.get("follower_count"), followers)
                self.assertEqual(data.get("verified"), None if verified is None else verified != 0)
                time = data.get("created_at")
                self.assertEqual(time and truth.micros(time), truth.value("", "datetime", created))
                largest = max(largest, followers or 0)
            self.assertEqual(largest, archives.BEYOND_32_BITS)

    def test_characters_that_xml_forbids_are_removed_and_counted(self):
        odd = archives.odd()
        for kind in READ:
            folder = archives.exported(odd, kind, "--network", "comments")
            text = (folder / f"comments.{kind}").read_text(encoding="utf-8")
            xml.etree.ElementTree.fromstring(text)
            self.assertEqual(text, legal(text))
            self.assertIn("esc[0m", text)
            names = archives.ask(
                odd,
                "select distinct user_id, username from users_now join interaction_edges"
                " on user_id in (source_user_id, target_user_id) where kind = 'comment' and username is not null",
            )
            removed = sum(len(name) - len(legal(name)) for _, name in names)
            self.assertGreaterEqual(removed, 4)
            about = archives.manifest(folder)["comments"]["description"]
            self.assertIn(f" {removed} characters that XML forbids were removed", about)

    def test_weak_edges_and_lonely_users_are_left_out(self):
        odd = archives.odd()
        expected = {edge: weight for edge, weight in edges(odd, "comments").items() if weight >= 2}
        others = collections.defaultdict(set)
        for source, target in expected:
            others[source].add(target)
            others[target].add(source)
        kept = {user for user, met in others.items() if len(met - {user}) >= 3}
        expected = {edge: weight for edge, weight in expected.items() if set(edge) <= kept}
        self.assertTrue(expected)
        options = ["--network", "comments", "--min-weight", "2", "--min-degree", "3"]
        for kind, read in READ.items():
            graph = read(archives.exported(odd, kind, *options) / f"comments.{kind}")
            self.assertEqual(truth.differences(weights(graph), expected), [])
            self.assertEqual(set(graph), kept)

    def test_a_dynamic_network_has_the_times_of_the_first_and_the_last_interaction(self):
        odd = archives.odd()
        graph = networkx.read_gexf(
            archives.exported(odd, "gexf", "--network", "replies", "--dynamic") / "replies.gexf"
        )
        sql = (
            "select source_user_id, target_user_id, min(at), max(at) from interaction_edges where kind = 'reply'"
            " group by source_user_id, target_user_id"
        )
        for source, target, first, last in archives.ask(odd, sql):
            data = graph.edges[source, target]
            times = [time and truth.micros(time) for time in (data.get("start"), data.get("end"))]
            self.assertEqual(times, [truth.value("", "datetime", time) for time in (first, last)])


def legal(text):
    """A text without the characters that XML 1.0 forbids."""
    return "".join(it for it in text if it in "\t\n\r" or "\x20" <= it <= "\ufffd" or it >= "\U00010000")


if __name__ == "__main__":
    unittest.main()
