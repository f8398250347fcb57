"""The rule: which DNS answer and which kind of web site a name gets.

A name's 32-bit FNV-1a hash, modulo 1000, falls into one class of the table below; what is left of the hash picks the
page within the class. The same hash is written a second time in answer.lua (PowerDNS) and a third time in dnsdoor.c
(the door that keeps silent), and the tests compare them. To add a class: add a line here, serve it in web.py or
faults.py, and let the tests check that the shares still sum to 1000.
"""
from dataclasses import dataclass

TLDS = ("site.test", "shop.test")
SHARE_TOTAL = 1000
PAGES_MANY = 200   # addresses of the commonest class: one per page
PAGES_FEW = 20     # addresses of every other class that serves pages
NETWORK = "127.1.0.0/16"  # every site of the lab; the guard test redirects to an address outside it


@dataclass(frozen=True)
class SiteClass:
    number: int      # third octet of its addresses; 0 for names that do not resolve
    name: str
    share: int       # names per thousand
    dns: str         # "ok" or the reason of document 02 §4
    http: str        # "ok", or the reason of document 02 §5; "" when the name does not resolve
    pages: str       # pool its pages come from: rich, plain, parked, …; "" when there is no page
    addresses: int   # how many pages of the pool it serves
    says: str


def _table():
    # name, share, dns, http, pool, addresses, what happens
    rows = [
        ("nxdomain", 300, "NXDOMAIN", "", "", 0, "no such name"),
        ("servfail", 12, "SERVFAIL", "", "", 0, "every query fails"),
        ("refused_dns", 8, "REFUSED", "", "", 0, "every query is refused"),
        ("noanswer", 25, "NOANSWER", "", "", 0, "the name exists without addresses"),
        ("silence", 5, "TIMEOUT", "", "", 0, "queries are never answered"),
        ("page", 241, "ok", "ok", "rich", PAGES_MANY, "a documentation page that has lab keywords"),
        ("page_plain", 90, "ok", "ok", "plain", PAGES_FEW, "a page without any lab keyword"),
        ("page_gzip", 30, "ok", "ok", "rich", PAGES_FEW, "the page, compressed when the client allows it"),
        ("page_http_only", 40, "ok", "ok", "rich", PAGES_FEW, "https refused, http answers"),
        ("page_slow", 8, "ok", "ok", "rich", PAGES_FEW, "https refused, http answers after 300 ms"),
        ("page_aaaa_silent", 2, "ok", "ok", "rich", PAGES_FEW, "A is answered, AAAA never"),
        ("page_alias", 10, "ok", "ok", "rich", PAGES_FEW, "a CNAME leads to the address"),
        ("page_lied_about", 3, "ok", "ok", "rich", PAGES_FEW, "two forged NXDOMAIN answers precede the true one"),
        ("page_text", 3, "ok", "ok", "text", 1, "text/plain with keywords, no structure"),
        ("page_latin1", 5, "ok", "ok", "latin1", 1, "ISO-8859-1, declared in the header"),
        ("page_empty", 2, "ok", "ok", "empty", 1, "200 with an empty body"),
        ("parked", 70, "ok", "ok", "parked", PAGES_FEW, "a registrar's parking page"),
        ("no_structure", 20, "ok", "ok", "flat", PAGES_FEW, "keywords, but no heading and no link"),
        ("huge", 3, "ok", "ok", "huge", 1, "6 MiB of HTML; only the first 5 MiB are read"),
        ("endless_body", 1, "ok", "ok", "endless", 1, "https refused, http sends HTML for ever"),
        ("gzip_bomb", 1, "ok", "ok", "bomb", 1, "https refused, http sends 6 KB that unpack to 6 MiB"),
        ("redirect_chain", 15, "ok", "ok", "rich", PAGES_FEW, "three redirects on the same host, then the page"),
        ("redirect_away", 10, "ok", "ok", "rich", 1, "redirect to elsewhere.site.test"),
        ("tls_expired_http", 4, "ok", "ok", "rich", PAGES_FEW, "expired certificate, http answers"),
        ("redirect_loop", 4, "ok", "FETCH_ERROR", "", 1, "redirects to itself"),
        ("redirect_many", 3, "ok", "FETCH_ERROR", "", 1, "eight redirects, one more than allowed"),
        ("redirect_nowhere", 2, "ok", "DNS_RESOLVE_ERROR", "", 1, "redirect to nowhere.site.test, which does not exist"),
        ("redirect_private", 2, "ok", "ERROR", "", 1, "redirect to 127.2.0.1, a private address outside the lab"),
        ("status_401", 3, "ok", "UNAUTHORIZED", "", 1, "401"),
        ("status_403", 6, "ok", "FORBIDDEN", "", 1, "403"),
        ("status_404", 14, "ok", "NOT_FOUND", "", 1, "404"),
        ("status_410", 3, "ok", "GONE", "", 1, "410"),
        ("status_418", 2, "ok", "STATUS_CODE_MISMATCH", "", 1, "418"),
        ("status_429", 3, "ok", "RATE_LIMIT", "", 1, "429 with Retry-After: 1"),
        ("status_451", 2, "ok", "UNAVAILABLE_LEGAL", "", 1, "451"),
        ("status_500", 4, "ok", "UPSTREAM_5XX", "", 1, "500"),
        ("status_503", 3, "ok", "UPSTREAM_5XX", "", 1, "503"),
        ("binary", 4, "ok", "CONTENT_MISMATCH", "", 1, "image/png"),
        ("refused", 12, "ok", "CONNECTION_REFUSED", "", 1, "nobody listens"),
        ("reset", 4, "ok", "CONNECTION_RESET", "", 1, "accepts, then resets"),
        ("tls_broken", 4, "ok", "TLS_HANDSHAKE", "", 1, "answers the handshake with noise; http refused"),
        ("tls_expired", 4, "ok", "SSL_EXPIRED", "", 1, "expired certificate; http refused"),
        ("tls_wrong_host", 2, "ok", "TLS_ERROR", "", 1, "certificate for another name; http refused"),
        ("tls_unknown_ca", 2, "ok", "TLS_ERROR", "", 1, "self-signed certificate; http refused"),
        ("garbage", 2, "ok", "FETCH_ERROR", "", 1, "https refused, http answers noise"),
        ("endless_headers", 1, "ok", "FETCH_ERROR", "", 1, "https refused, http sends headers for ever"),
        ("endless_trailers", 1, "ok", "FETCH_ERROR", "", 1, "https refused, http sends trailers for ever"),
        ("endless_chunk", 1, "ok", "TIMEOUT", "", 1, "https refused, http sends a chunk extension for ever"),
        ("mute", 2, "ok", "TIMEOUT", "", 1, "accepts and says nothing"),
        ("stall", 1, "ok", "TIMEOUT", "", 1, "https refused, http stops in the middle of the body"),
        ("drip", 1, "ok", "TIMEOUT", "", 1, "https refused, http sends one byte a second"),
    ]
    table, number = [], 0
    for name, share, dns, http, pool, addresses, says in rows:
        number += dns == "ok"
        table.append(SiteClass(number if dns == "ok" else 0, name, share, dns, http, pool, addresses, says))
    return tuple(table)


CLASSES = _table()
BY_NAME = {c.name: c for c in CLASSES}
FIXED = {  # names that redirects lead to; they answer the same whatever their hash says
    "elsewhere.site.test": ("page", 0),
    "nowhere.site.test": ("nxdomain", 0),
}
_BY_BUCKET = [c for c in CLASSES for _ in range(c.share)]
assert len(_BY_BUCKET) == SHARE_TOTAL


def fnv1a(name: str) -> int:
    value = 0x811C9DC5
    for byte in name.encode("ascii"):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def canonical(name: str) -> str:
    return name.lower().rstrip(".")


def in_lab(name: str) -> bool:
    return canonical(name).endswith(tuple("." + tld for tld in TLDS))


def classify(name: str):
    """The class of a name and its page index within the class; None for a name outside the lab (REFUSED)."""
    name = canonical(name)
    if not in_lab(name):
        return None
    if name in FIXED:
        class_name, page = FIXED[name]
        return BY_NAME[class_name], page
    value = fnv1a(name)
    site = _BY_BUCKET[value % SHARE_TOTAL]
    return site, (value // SHARE_TOTAL) % site.addresses if site.addresses else 0


def address(site: SiteClass, page: int) -> str:
    return f"127.1.{site.number}.{page + 1}"
