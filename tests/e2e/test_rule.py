"""The lab's rule: shares, hash, names, and that everything it promises is served by somebody."""
import math
import subprocess
import sys
import unittest
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from labkit import expect, rule, servers, web  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Rule(unittest.TestCase):
    def test_hash_is_fnv1a(self):
        for text, value in (("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)):
            self.assertEqual(rule.fnv1a(text), value)

    def test_shares_hold_over_many_names(self):
        count = 100_000
        pattern = {"type": "prefix", "prefixVariableLength": 4, "charset": LETTERS, "constant": "shop",
                   "tlds": [".site.test", ".shop.test"]}
        seen = Counter(rule.classify(name)[0].name for name in expect.take_names(pattern, count))
        for site in rule.CLASSES:
            wanted = count * site.share / rule.SHARE_TOTAL
            self.assertLess(abs(seen[site.name] - wanted), 6 * math.sqrt(wanted) + 1, site.name)

    def test_case_and_final_dot_do_not_matter(self):
        self.assertEqual(rule.classify("AbcShop.Site.TEST."), rule.classify("abcshop.site.test"))

    def test_names_outside_are_no_business_of_ours(self):
        for name in ("example.com", "site.test", "xsite.test", ""):
            self.assertIsNone(rule.classify(name), name)

    def test_fixed_names_are_not_in_a_silent_bucket(self):
        for name in rule.FIXED:
            bucket = rule.fnv1a(name) % rule.SHARE_TOTAL
            for class_name in ("silence", "page_aaaa_silent", "page_lied_about"):
                start, end = map(int, servers._bucket_range(class_name))
                self.assertFalse(start <= bucket < end, name)

    def test_every_resolving_class_is_served_once(self):
        for site in rule.CLASSES:
            players = (site.name in web.SERVERS) + (site.name in servers.FAULTS) + (site.name == "refused")
            self.assertEqual(players, site.dns == "ok", site.name)

    def test_addresses_tell_classes_apart(self):
        seen = {rule.address(site, page) for site in rule.CLASSES for page in range(site.addresses)}
        self.assertEqual(len(seen), sum(site.addresses for site in rule.CLASSES))

    def test_readme_shows_the_table(self):
        lab = ROOT / "tests" / "lab"
        table = subprocess.run([lab / "lab", "shares"], capture_output=True, text=True, check=True).stdout
        self.assertIn(table, (lab / "README.md").read_text())


class Names(unittest.TestCase):
    def test_vectors_of_the_generation_algorithm(self):
        cases = [
            ({"type": "prefix", "prefixVariableLength": 3, "charset": LETTERS, "constant": "shop", "tlds": [".com"]},
             {0: "aaashop.com", 1: "aabshop.com", 26: "abashop.com", 17575: "zzzshop.com"}),
            ({"type": "suffix", "suffixVariableLength": 2, "charset": "abc", "constant": "dev", "tlds": [".io"]},
             {0: "devaa.io", 4: "devbb.io", 8: "devcc.io"}),
            ({"type": "both", "prefixVariableLength": 2, "suffixVariableLength": 1, "charset": "ab", "constant": "x",
              "tlds": [".net"]}, {0: "aaxa.net", 1: "aaxb.net", 5: "baxb.net", 7: "bbxb.net"}),
            ({"type": "prefix", "prefixVariableLength": 2, "charset": "aab0a", "constant": "z", "tlds": [".com"]},
             {1: "abz.com", 2: "a0z.com", 3: "baz.com", 8: "00z.com"}),
            ({"type": "suffix", "suffixVariableLength": 1, "charset": "ab", "constant": "d", "tlds": [".io", ".com"]},
             {0: "da.io", 1: "da.com", 2: "db.io", 3: "db.com"}),
            ({"type": "constant", "constant": "only", "tlds": [".com"]}, {0: "only.com"}),
        ]
        for pattern, wanted in cases:
            names = list(expect.generate_names(pattern))
            for offset, name in wanted.items():
                self.assertEqual(names[offset], name)
            self.assertEqual(len(names), max(wanted) + 1)

    def test_labels_with_a_hyphen_at_an_end_are_skipped(self):
        pattern = {"type": "prefix", "prefixVariableLength": 1, "charset": "a-b", "constant": "x", "tlds": [".com"]}
        self.assertEqual(list(expect.generate_names(pattern)), ["ax.com", "bx.com"])


if __name__ == "__main__":
    unittest.main()
