"""The exact outcome of a campaign over lab names: what every counter, reason and verdict must be at its end."""
from collections import Counter
from itertools import islice

from . import oracle, rule


def generate_names(pattern, start=0):
    """Names of a patternConfig (document 01 §6.2) from an offset on, invalid labels skipped."""
    charset = list(dict.fromkeys(pattern.get("charset", "abcdefghijklmnopqrstuvwxyz0123456789").lower()))
    tlds = list(dict.fromkeys("." + t.lower().lstrip(".") for t in pattern.get("tlds", [".com"])))
    kind = pattern["type"].removesuffix("_variable")
    prefix = pattern.get("prefixVariableLength", 0) if kind in ("prefix", "both", "variable") else 0
    suffix = pattern.get("suffixVariableLength", 0) if kind in ("suffix", "both", "variable") else 0
    constant, digits = pattern.get("constant", "").strip().lower(), prefix + suffix
    for offset in range(start, len(charset) ** digits * len(tlds)):
        value, letters = offset // len(tlds), []
        for _ in range(digits):
            value, digit = divmod(value, len(charset))
            letters.append(charset[digit])
        variable = "".join(reversed(letters))
        label = variable[:prefix] + constant + variable[prefix:]
        if not (label.startswith("-") or label.endswith("-")):
            yield label + tlds[offset % len(tlds)]


def take_names(pattern, count, start=0):
    return list(islice(generate_names(pattern, start), count))


class Expectation:
    """Answers for single names and sums for lists of them, for one set of pages, rules and thresholds."""

    def __init__(self, pools, rules, thresholds=None):
        self.pools, self.rules, self.thresholds = pools, rules, thresholds
        self._verdicts = {}

    def verdict(self, site, page):
        """The oracle's verdict on a class's page; None when its sites show no page that counts."""
        if site is None or site.http != "ok":
            return None
        key = site.pages, page
        if key not in self._verdicts:
            shown = self.pools[site.pages][page]
            self._verdicts[key] = oracle.judge_page(
                shown.read(), "any." + rule.TLDS[0], self.rules, charset=shown.charset,
                is_html=shown.content_type == "text/html", thresholds=self.thresholds)
        return self._verdicts[key]

    def of(self, name):
        """One name's final row, in the words of document 02."""
        found = rule.classify(name)
        site, page = found or (None, 0)
        dns = site.dns if site else "REFUSED"
        row = {"name": name, "class": site.name if site else "outside", "dns_status": "ok", "dns_reason": None,
               "http_status": "pending", "http_reason": None}
        if dns != "ok":
            timed_out = dns == "TIMEOUT"
            row.update(dns_status="timeout" if timed_out else "error", dns_reason=dns, lead_status="no_match",
                       rejection_reason="dns_timeout" if timed_out else "dns_error")
            return row
        row["address"] = rule.address(site, page)
        if site.http != "ok":
            timed_out = site.http == "TIMEOUT"
            row.update(http_status="timeout" if timed_out else "error", http_reason=site.http,
                       lead_status="timeout" if timed_out else "error",
                       rejection_reason="http_timeout" if timed_out else "http_error")
            return row
        seen = self.verdict(site, page)
        row.update(http_status="ok", lead_status=seen.lead_status, rejection_reason=seen.rejection, score=seen.score,
                   richness=round(seen.richness, 6), kw_unique=seen.unique, kw_hits=seen.hits, parked=seen.parked,
                   parked_confidence=round(seen.parked_confidence, 6), content_bytes=seen.content_bytes,
                   h1_count=seen.h1_count, links_internal=seen.links_internal, links_external=seen.links_external,
                   title=seen.title)
        return row

    def sums(self, names):
        """What the campaign's counters, funnel and rejection summary must say."""
        rows = [self.of(name) for name in names]
        count = Counter
        fetched = [r for r in rows if r["http_status"] == "ok"]
        return {
            "total": len(rows),
            "classes": dict(count(r["class"] for r in rows)),
            "dns_status": dict(count(r["dns_status"] for r in rows)),
            "dns_reason": dict(count(r["dns_reason"] for r in rows if r["dns_reason"])),
            "http_status": dict(count(r["http_status"] for r in rows)),
            "http_reason": dict(count(r["http_reason"] for r in rows if r["http_reason"])),
            "lead_status": dict(count(r["lead_status"] for r in rows)),
            "rejection_reason": dict(count(r["rejection_reason"] for r in rows)),
            "funnel": {
                "generated": len(rows),
                "dnsValid": sum(r["dns_status"] == "ok" for r in rows),
                "httpValid": len(fetched),
                "keywordHits": sum(r["kw_unique"] > 0 for r in fetched),
                "analyzed": len(fetched),
                "highPotential": sum(r["richness"] > 0.80 for r in fetched),
                "leads": sum(r["lead_status"] == "match" for r in rows),
            },
            "parked": sum(r["parked"] for r in fetched),
            "keyword_occurrences": sum(r["kw_hits"] for r in fetched),
        }
