"""What extraction, scoring and the leads phase must say about a page, computed a second time.

Written from the specification (03 §4-7, 04 §2, 02 §7) on Python's own HTML parser, sharing nothing with the C code, so
that the end-to-end tests compare two independent answers. Covers a single page: no microcrawl.
"""
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser

BODY_BYTES_MAX = 5 * 1024 * 1024
SNIPPET_BYTES = 2048  # of visible text, for the parked heuristic
HITS_PER_REGEX_MAX = 1000
SILENT = {"script", "style", "noscript", "template"}
ASIDE = {"nav", "footer", "aside"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
INLINE = {"a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s",
          "samp", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "big", "del", "ins", "acronym"}
META_WANTED = {"description", "keywords", "og:title", "og:description"}
IGNORED_SCHEMES = ("#", "javascript:", "mailto:", "tel:", "data:")
REGIONS = ("title", "h1", "meta", "anchor", "body")
SIGNAL_WEIGHTS = {"title": 10, "h1": 7, "meta": 5, "anchor": 4, "body": 2}
PARKED_LEAST = 0.30


@dataclass(frozen=True)
class Rule:
    pattern: str
    kind: str = "string"  # or "regex"
    case_sensitive: bool = False
    weight: float = 1.0


@dataclass
class Thresholds:
    """Leads configuration, 02 §7."""
    match: float = 0.27
    grace: float = 0.24
    content_bytes: int = 1024
    parked: float = 0.45
    structure: bool = True


@dataclass
class Verdict:
    title: str = ""
    content_bytes: int = 0
    h1_count: int = 0
    links_internal: int = 0
    links_external: int = 0
    keywords: Counter = field(default_factory=Counter)  # pattern → occurrences
    signals: Counter = field(default_factory=Counter)   # region → hits
    weight_sum: float = 0.0
    parked: bool = False
    parked_confidence: float = 0.0
    richness: float = 0.0
    score: float = 0.0
    lead_status: str = ""
    rejection: str = ""

    @property
    def unique(self):
        return len(self.keywords)

    @property
    def hits(self):
        return sum(self.keywords.values())

    @property
    def has_structure(self):
        return self.h1_count + self.links_internal + self.links_external > 0


class _Page(HTMLParser):
    """Splits a page into the disjoint text regions of 03 §4 and counts its structure (03 §6.2)."""

    def __init__(self, host):
        super().__init__(convert_charrefs=True)
        self.host = host
        self.regions = {name: [] for name in REGIONS}
        self.visible = []
        self.h1_count = self.internal = self.external = 0
        self.silent = self.aside = self.in_h1 = 0
        self.in_head = self.in_title = self.in_link = False

    def handle_startendtag(self, tag, attrs):  # HTML knows no self-closing <a/>; only void elements end here
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag, attrs):
        attrs = {name: value or "" for name, value in reversed(attrs)}
        if tag not in INLINE:
            self.separate()
        if tag in SILENT:
            self.silent += 1
        elif self.silent:
            pass  # inert: neither text nor structure
        elif tag in ASIDE:
            self.aside += 1
        elif tag == "head":
            self.in_head = True
        elif tag == "body":
            self.in_head = False
        elif tag == "title":
            self.in_title = True
        elif tag == "h1":
            self.h1_count += 1
            self.in_h1 += 1
        elif tag == "a":
            self.in_link = "href" in attrs
            self.count_link(attrs.get("href", ""))
        elif tag == "meta" and (attrs.get("name") or attrs.get("property", "")).lower() in META_WANTED:
            self.regions["meta"] += [attrs.get("content", ""), " "]

    def handle_endtag(self, tag):
        if tag not in INLINE:
            self.separate()
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif self.silent:
            pass
        elif tag in ASIDE:
            self.aside = max(0, self.aside - 1)
        elif tag == "head":
            self.in_head = False
        elif tag == "title":
            self.in_title = False
        elif tag == "h1":
            self.in_h1 = max(0, self.in_h1 - 1)
        elif tag == "a":
            self.in_link = False

    def handle_data(self, data):
        if self.silent:
            return
        if self.in_title:
            self.regions["title"].append(data)
            return
        if self.in_head:
            return
        self.visible.append(data)
        if self.in_h1:
            self.regions["h1"].append(data)
        elif self.in_link:
            self.regions["anchor"].append(data)
        elif not self.aside:
            self.regions["body"].append(data)

    def separate(self):
        self.visible.append(" ")
        for name in ("h1", "anchor", "body"):
            self.regions[name].append(" ")

    def count_link(self, href):
        href = href.strip()
        if not href or href.lower().startswith(IGNORED_SCHEMES):
            return
        absolute = re.match(r"(?:https?:)?//([^/?#]*)", href, re.I)
        if not absolute:
            self.internal += 1
            return
        host = absolute.group(1).rsplit("@", 1)[-1].split(":")[0]
        if _bare(host) == _bare(self.host):
            self.internal += 1
        else:
            self.external += 1

    def text(self, name):
        return _collapse("".join(self.regions[name]))


def _bare(host):
    host = host.lower()
    return host[4:] if host.startswith("www.") else host


def _collapse(text):
    """White space, the no-break space included, becomes one space; controls and soft hyphens vanish."""
    text = re.sub("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\xad]", "", text)
    return re.sub("[ \t\n\r\f\xa0]+", " ", text).strip(" ")


def _occurrences(rule, text):
    """Hits of one rule in one region."""
    if rule.kind == "regex":
        found = re.finditer(rule.pattern, text, 0 if rule.case_sensitive else re.I)
        return min(sum(1 for m in found if m.group()), HITS_PER_REGEX_MAX)
    if rule.case_sensitive:
        return text.count(rule.pattern)
    return text.lower().count(rule.pattern.lower())


def judge_page(body: bytes, host: str, rules, *, charset="utf-8", is_html=True, thresholds=None) -> Verdict:
    """Everything the pipeline must find out about a fetched root page, up to its lead decision."""
    body = body[:BODY_BYTES_MAX]
    text = body.decode(charset, "replace")
    page = _Page(host)
    if is_html:
        page.feed(text)
        page.close()
    else:
        page.regions["body"].append(text)
        page.visible.append(text)
    verdict = Verdict(title=page.text("title"), content_bytes=len(body), h1_count=page.h1_count,
                      links_internal=page.internal, links_external=page.external)
    seen_in = _match(verdict, page, rules)
    snippet = _collapse("".join(page.visible)).encode()[:SNIPPET_BYTES].decode("utf-8", "ignore")
    verdict.parked, verdict.parked_confidence = judge_parked(verdict.title, snippet)
    effective = sum(1 for k, n in verdict.keywords.items() if n >= 2 or len(seen_in[k]) >= 2)
    verdict.richness = richness(verdict.keywords, verdict.signals, effective, verdict.content_bytes)
    verdict.score = score(verdict)
    verdict.lead_status, verdict.rejection = judge_lead(verdict, thresholds or Thresholds())
    return verdict


def _match(verdict, page, rules):
    texts = {name: page.text(name) for name in REGIONS}
    seen_in = {}
    for rule in rules:
        for name, text in texts.items():
            count = _occurrences(rule, text)
            if count:
                verdict.keywords[rule.pattern] += count
                verdict.signals[name] += count
                verdict.weight_sum += count * rule.weight
                seen_in.setdefault(rule.pattern, set()).add(name)
    return seen_in


def judge_parked(title, snippet):
    title, snippet = title.lower(), snippet.lower()
    if not title and not snippet:
        return False, 0.0
    points = 3 * ("parked" in title) + 4 * ("buy this domain" in title)
    points += 2 * ("sedo" in snippet) + ("namecheap" in snippet) + ("godaddy" in snippet)
    points += 2 * ("coming soon" in title or "coming soon" in snippet)
    return points / 13 >= PARKED_LEAST, points / 13


def richness(keywords, signals, effective, content_bytes, *, target=12):
    """V2 of 03 §7.2 with default weights and without microcrawl."""
    hits = sum(keywords.values())
    if content_bytes <= 0 or hits == 0:
        return 0.0
    kb = max(1.0, content_bytes / 1024)
    diversity = 1 - math.exp(-effective / target)
    weighted = sum(SIGNAL_WEIGHTS.get(s, 0) * (min(n, 2) if s == "title" else n) for s, n in signals.items())
    prominence = min(1.0, weighted / (hits * 10))
    if hits < 3 and prominence < 0.15:
        prominence = 0.5 * prominence + 0.075
    density = min(hits / kb, 6) / 6
    shares = [n / hits for n in signals.values() if n]
    entropy = -sum(p * math.log2(p) for p in shares) / math.log2(len(shares)) if len(shares) > 1 else 0.0
    length = min(min(kb, 200) / 80, 1) * (0.8 if kb > 160 else 0.9 if kb > 80 else 1)
    base = .30 * diversity + .25 * prominence + .15 * density + .15 * min(entropy, 1) + .15 * length
    most = max(keywords.values()) / hits
    penalty = min((most - 0.30) * 0.5, 0.15) if most > 0.30 else 0.0
    penalty += 0.04 if most > 0.35 else 0.0
    penalty += 0.03 if signals.get("anchor", 0) / hits > 0.55 else 0.0
    return max(0.0, min(1.0, base - penalty))


def score(verdict, *, freshness=1.0, parked_factor=0.5):
    """04 §2 with the default weights, for a page fetched less than a day before scoring."""
    coverage = min(verdict.unique / 5, 1.0)
    density = coverage
    if verdict.content_bytes > 0 and verdict.hits > 0:
        density = min(verdict.hits / (verdict.content_bytes / 1024) / 3, 1.0)
    total = .35 * density + .25 * coverage + .10 * (not verdict.parked)
    total += .10 * min(verdict.content_bytes / 50000, 1.0) + .10 * (verdict.signals.get("title", 0) > 0)
    total += .10 * freshness
    if verdict.parked and verdict.parked_confidence < 0.9:
        total *= parked_factor
    return float(Decimal(repr(round(total, 12))).quantize(Decimal("0.001"), ROUND_HALF_UP))


def judge_lead(verdict, limits: Thresholds):
    """Rows 6 to 13 of the table in 02 §7: a page that was fetched and scored."""
    if verdict.parked or verdict.parked_confidence >= limits.parked:
        return "no_match", "parked"
    if limits.structure and not verdict.has_structure:
        return "no_match", "no_keywords"
    if verdict.unique == 0 and verdict.hits == 0:
        return "no_match", "no_keywords"
    if verdict.score >= limits.match:
        return "match", "qualified"
    if verdict.content_bytes < limits.content_bytes:
        return "no_match", "low_score"
    if verdict.score >= limits.grace:
        return "match", "qualified"
    return "no_match", "low_score"
