"""The oracle against the vectors of the specification: it may only judge the C code if it is right itself."""
import sys
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from labkit import oracle  # noqa: E402
from labkit.oracle import Rule, Thresholds, Verdict  # noqa: E402


def judged(html, *patterns, host="example.com"):
    return oracle.judge_page(html.encode(), host, [Rule(p) for p in patterns])


class Regions(unittest.TestCase):
    PAGE = ("<html><head><title>Fiber</title><meta name='description' content='fiber here'><style>fiber</style></head>"
            "<body><nav>fiber <a href='/n'>fiber</a></nav><h1>Fiber <a href='/h'>fiber</a></h1><p>fi<b>ber</b> and fi<p>ber"
            "<script>fiber</script><a href='/x'>fiber</a><a name='y'>fiber</a></body></html>")

    def test_each_hit_counts_in_one_region(self):
        self.assertEqual(dict(judged(self.PAGE, "fiber").signals),
                         {"title": 1, "meta": 1, "h1": 2, "anchor": 2, "body": 2})

    def test_occurrences_do_not_overlap(self):
        self.assertEqual(judged("<p>aaaa</p>", "aa").hits, 2)

    def test_case_matters_when_asked(self):
        page = b"<p>TCP tcp</p>"
        self.assertEqual(oracle.judge_page(page, "a.b", [Rule("TCP", case_sensitive=True)]).hits, 1)

    def test_regex_hits(self):
        self.assertEqual(oracle.judge_page(b"<p>cat cot</p>", "a.b", [Rule("c[ao]t", "regex")]).hits, 2)

    def test_only_what_is_read_counts(self):
        body = b"<p>" + b"x" * oracle.BODY_BYTES_MAX + b" fiber</p>"
        seen = oracle.judge_page(body, "a.b", [Rule("fiber")])
        self.assertEqual((seen.hits, seen.content_bytes), (0, oracle.BODY_BYTES_MAX))


class Structure(unittest.TestCase):
    def test_example_of_the_specification(self):
        seen = judged("<h1>a</h1><h1>b</h1><a href='/internal'>i</a><a href='https://otherhost.xyz/ext'>e</a>"
                      "<a href='/x'>x</a><a href='javascript:void(0)'>j</a>")
        self.assertEqual((seen.h1_count, seen.links_internal, seen.links_external), (2, 2, 1))

    def test_own_host_with_www_is_internal(self):
        seen = judged("<a href='//WWW.example.com/a'>a</a><a href='mailto:a@b.c'>m</a><a href='#top'>t</a><a href=''>e</a>")
        self.assertEqual((seen.links_internal, seen.links_external), (1, 0))


class Parked(unittest.TestCase):
    def test_table(self):
        cases = [("Buy This Domain - Premium Name", "", True, 4), ("Parked", "", False, 3), ("", "", False, 0),
                 ("Coming Soon", "Sedo parking page for premium domain", True, 4),
                 ("Welcome", "godaddy landing page namecheap coming soon", True, 4),
                 ("Welcome", "Just a placeholder index", False, 0),
                 ("Parked domain - buy this domain", "sedo namecheap godaddy coming soon", True, 13)]
        for title, snippet, parked, points in cases:
            self.assertEqual(oracle.judge_parked(title, snippet), (parked, points / 13), title)


class Richness(unittest.TestCase):
    def check(self, hits, content_bytes, wanted):
        """hits: (keyword, signal) pairs, as in the reference vectors."""
        keywords, signals, seen = Counter(k for k, _ in hits), Counter(s for _, s in hits), {}
        for keyword, signal in hits:
            seen.setdefault(keyword, set()).add(signal)
        effective = sum(1 for k, n in keywords.items() if n >= 2 or len(seen[k]) >= 2)
        self.assertAlmostEqual(oracle.richness(keywords, signals, effective, content_bytes), wanted, delta=1e-6)

    def test_reference_vectors(self):
        self.check([("a", "title"), ("b", "body"), ("c", "body")], 4096, .263994)
        self.check([("k1", "body")] * 15 + [("k2", "anchor"), ("k3", "anchor")] + [("k1", "anchor")] * 30, 8192, .185422)
        self.check([("core", "body")] * 12 + [("aux1", "title"), ("aux2", "h1"), ("aux3", "body")], 4096, .073136)
        self.check([(k, "anchor") for k in ("kA", "kB", "kC") for _ in range(8)]
                   + [(k, "body") for k in ("kA", "kB", "kC") for _ in range(6)], 8192, .392299)
        self.check([("one", "body")], 2048, 0)
        twelve = [(f"k{i}", s) for i in range(12) for s in ("body", "anchor")]
        twelve += [(f"k{i}", "title") for i in range(2)] + [(f"k{i}", "h1") for i in range(4)]
        twelve += [(f"k{i}", "meta") for i in range(3)]
        for content_bytes, wanted in ((40960, .516093), (6144, .569218), (102400, .563718), (204800, .544593)):
            self.check(twelve, content_bytes, wanted)
        self.check([("a", "title")] * 5 + [("b", "body")] * 3, 4096, .137971)


class Score(unittest.TestCase):
    def test_vectors_with_default_weights(self):
        cases = [(5, 15, 18000, True, 1, False, 0, .686), (3, 9, 8192, True, 1, False, 0, .598),
                 (3, 9, 8192, False, .7, False, 0, .468), (1, 1, 51200, False, .4, False, 0, .292),
                 (0, 0, 20000, False, 1, False, 0, .24), (0, 0, 0, False, 0, False, 0, .1),
                 (6, 40, 60000, True, 0, False, 0, .63), (5, 15, 20000, True, 1, True, .95, .58),
                 (5, 15, 20000, True, 1, True, .4, .29)]
        for unique, hits, content_bytes, title, freshness, parked, confidence, wanted in cases:
            keywords = Counter({f"k{i}": 1 for i in range(unique)})
            if unique:
                keywords["k0"] += hits - unique
            seen = Verdict(content_bytes=content_bytes, keywords=keywords, parked=parked, parked_confidence=confidence,
                           signals=Counter(title=1) if title else Counter())
            self.assertAlmostEqual(oracle.score(seen, freshness=freshness), wanted, delta=1e-9)


class Leads(unittest.TestCase):
    def decide(self, score, content_bytes, confidence=0.0):
        seen = Verdict(score=score, content_bytes=content_bytes, parked_confidence=confidence, h1_count=1,
                       keywords=Counter(a=1))
        return oracle.judge_lead(seen, Thresholds())[1]

    def test_examples_of_the_specification(self):
        self.assertEqual(self.decide(.27, 300), "qualified")
        self.assertEqual(self.decide(.26, 2000), "qualified")
        self.assertEqual(self.decide(.26, 1000), "low_score")
        self.assertEqual(self.decide(.2399, 9000), "low_score")
        self.assertEqual(self.decide(.5, 9000, .45), "parked")
        self.assertEqual(self.decide(.5, 9000, .44), "qualified")

    def test_pages_without_structure_or_keywords(self):
        self.assertEqual(oracle.judge_lead(Verdict(keywords=Counter(a=1), score=1), Thresholds())[1], "no_keywords")
        self.assertEqual(oracle.judge_lead(Verdict(h1_count=1, score=1), Thresholds())[1], "no_keywords")


if __name__ == "__main__":
    unittest.main()
