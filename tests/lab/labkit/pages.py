"""The pages the lab's sites show: real documentation pages of Debian packages, and a few made for a purpose.

`gather` chooses the real pages (same packages, same pages, on every machine), writes the made ones under the lab's
directory, and returns the pools that rule.py names.
"""
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from . import oracle, rule

DOC_FOLDERS = ("/usr/share/doc/git-doc", "/usr/share/doc/postgresql-doc-15/html")
DOC_PACKAGES = ("git-doc", "postgresql-doc-15")
PAGE_BYTES_LEAST, PAGE_BYTES_MOST = 1500, 120_000
HUGE_BYTES = 6 * 1024 * 1024
PARKED_WORDS = ("parked", "sedo", "godaddy", "namecheap", "coming soon", "buy this domain")
KEYWORD_FILE = Path(__file__).resolve().parent.parent / "keywords.json"


@dataclass(frozen=True)
class Page:
    file: str
    charset: str = "utf-8"
    content_type: str = "text/html"
    body_bytes: int = -1  # sent repeatedly until so many bytes; -1 sends the file once

    def read(self) -> bytes:
        once = Path(self.file).read_bytes()
        if self.body_bytes < 0:
            return once
        return (once * (self.body_bytes // max(1, len(once)) + 1))[:self.body_bytes]


def load_rules(path=KEYWORD_FILE):
    """Keyword rules from a keyword-set file, as the oracle wants them."""
    rules = json.loads(Path(path).read_text())["rules"]
    return [oracle.Rule(r["pattern"], r.get("ruleType", "string"), r.get("isCaseSensitive", False), r.get("weight", 1.0))
            for r in rules]


def _is_plain_sailing(text):
    """Pages whose meaning no two HTML readers could argue about, and that mention no parking word."""
    lowered = text.lower()
    if any(word in lowered for word in PARKED_WORDS):
        return False
    if re.search(r"<a\s[^>]*href[^>]*/>|<!\[cdata\[|<(plaintext|xmp|textarea|iframe|svg|math|noscript|template|select)\b", lowered):
        return False
    return all(len(re.findall(rf"<{tag}[\s>]", lowered)) == lowered.count(f"</{tag}>") for tag in ("a", "title", "h1"))


def _real_pages(rules):
    found = sorted((f for folder in DOC_FOLDERS for f in Path(folder).rglob("*.html")),
                   key=lambda f: hashlib.sha1(str(f).encode()).hexdigest())
    rich, plain = [], []
    for file in found:
        if not PAGE_BYTES_LEAST <= file.stat().st_size <= PAGE_BYTES_MOST:
            continue
        body = file.read_bytes()
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if not _is_plain_sailing(text):
            continue
        verdict = oracle.judge_page(body, "any.site.test", rules)
        pool, most = (rich, rule.PAGES_MANY) if verdict.unique else (plain, rule.PAGES_FEW)
        if verdict.has_structure and len(pool) < most:
            pool.append(Page(str(file)))
        if len(rich) == rule.PAGES_MANY and len(plain) == rule.PAGES_FEW:
            return rich, plain
    raise SystemExit("lab: too few documentation pages found; install " + " ".join(DOC_PACKAGES))


PARKED_HEADS = ("{0} - buy this domain", "Parked: {0}, coming soon", "Buy this domain - {0} is for sale",
                "{0} is parked free, coming soon")


def _parked_page(i):
    title = PARKED_HEADS[i % len(PARKED_HEADS)].format(f"premium name {i}")
    broker = ("sedo", "godaddy", "namecheap")[i % 3]
    return (f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1>"
            f"<p>This name is offered through {broker}. Related searches:</p>"
            f"<p><a href=\"/offer?{i}\">database backup</a> <a href=\"/more\">network security</a></p></body></html>")


def _flat_page(i):
    return (f"<!doctype html><html><head><title>Notes {i}</title></head><body>"
            f"<p>{'A paragraph on replication and backup without heading or link. ' * (i % 7 + 1)}</p></body></html>")


def _write(folder, name, content, **kind):
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Page(str(file), **kind)


def _made_pages(folder):
    filler = "<p>" + "All work and no play. " * 40 + "<a href=\"/next\">next</a></p>\n"
    huge_head = "<!doctype html><html><head><title>A very long page on replication</title></head><body><h1>Long</h1>\n"
    huge = (huge_head + filler * (HUGE_BYTES // len(filler) + 1)).encode()[:HUGE_BYTES]
    endless = "<h1>Endless</h1><p>memory <a href=\"/on\">on and on</a> forever</p>\n"
    latin = ("<!doctype html><html><head><title>Sécurité et réplication</title></head><body><h1>Réseau</h1>"
             "<p>Le mot network, et café crème. <a href=\"/é\">suite</a></p></body></html>")
    made = {
        "parked": [_write(folder / "parked", f"{i}.html", _parked_page(i)) for i in range(rule.PAGES_FEW)],
        "flat": [_write(folder / "flat", f"{i}.html", _flat_page(i)) for i in range(rule.PAGES_FEW)],
        "text": [_write(folder / "text", "0.txt", "Plain notes on encryption and compression.\n" * 30,
                        content_type="text/plain")],
        "latin1": [_write(folder / "latin1", "0.html", latin.encode("latin-1"), charset="iso-8859-1")],
        "empty": [_write(folder / "empty", "0.html", b"")],
        "huge": [_write(folder / "huge", "0.html", huge)],
        "endless": [_write(folder / "endless", "0.html", endless, body_bytes=oracle.BODY_BYTES_MAX)],
    }
    made["bomb"] = [Page(made["huge"][0].file)]
    return made


def gather(folder: Path, rules):
    """The pools of pages by name. Writes below `folder`, which the web servers' user must be able to read."""
    pools = _made_pages(folder)
    pools["rich"], pools["plain"] = _real_pages(rules)
    return pools


def save(pools, path: Path):
    path.write_text(json.dumps({name: [asdict(p) for p in pages] for name, pages in pools.items()}, indent=1))


def gather_once(folder: Path):
    """The pools kept in FOLDER/pages.json; gathered again when the packages or the lab changed."""
    kept, mark = folder / "pages.json", folder / "pages.mark"
    stamps = [str(f.stat().st_mtime_ns) for f in map(Path, (*DOC_FOLDERS, KEYWORD_FILE, __file__, rule.__file__,
                                                            oracle.__file__)) if f.exists()]
    if not (kept.exists() and mark.exists() and mark.read_text() == " ".join(stamps)):
        save(gather(folder / "www", load_rules()), kept)
        mark.write_text(" ".join(stamps))
    return load(kept)


def load(path: Path):
    return {name: [Page(**p) for p in pages] for name, pages in json.loads(path.read_text()).items()}
