"""Two independent judges, one page: the C rooms against the oracle, on every page the lab can show."""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from labkit import oracle, pages  # noqa: E402

BIN = Path(os.environ.get("TEST_BIN_DIR", ROOT / "build" / "release" / "bin"))
HOST = "any.site.test"
EXACT = ("title", "content_bytes", "h1_count", "links_internal", "links_external", "parked", "lead_status", "rejection")
NEAR = ("parked_confidence", "weight_sum", "richness", "score")


class Pages(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="pages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.rules = pages.load_rules()
        pools = pages.gather(cls.folder, cls.rules)
        cls.pages = [page for name in sorted(pools) for page in pools[name]]

    def ask(self, wanted):
        """What the C rooms say about the pages, in order."""
        request = {"rules": [{"pattern": r.pattern, "isCaseSensitive": r.case_sensitive, "weight": r.weight}
                             for r in self.rules], "pages": wanted}
        done = subprocess.run([BIN / "judge_pages"], input=json.dumps(request), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def compare(self, name, found, wanted):
        with self.subTest(page=name):
            self.assertEqual(found["keywords"], dict(wanted.keywords))
            self.assertEqual(found["signals"], dict(wanted.signals))
            for member in EXACT:
                self.assertEqual(found[member], getattr(wanted, member), member)
            for member in NEAR:
                self.assertTrue(math.isclose(found[member], getattr(wanted, member), abs_tol=1e-9), member)

    def test_every_page_of_the_lab(self):
        shown = []
        for i, page in enumerate(self.pages):
            file = self.folder / f"shown-{i}"
            file.write_bytes(page.read())  # endless ones as far as they are read
            charset = "" if page.charset == "utf-8" else f"; charset={page.charset}"
            shown.append({"file": str(file), "host": HOST, "contentType": page.content_type + charset})
        for page, found in zip(self.pages, self.ask(shown), strict=True):
            self.compare(page.file, found, oracle.judge_page(page.read(), HOST, self.rules, charset=page.charset,
                                                             is_html=page.content_type == "text/html"))

    def test_markup_that_must_be_read_with_care(self):
        snippets = [
            "<TITLE>Backup</TITLE><H1 CLASS=x>BACKUP</H1><A HREF=/x>backup</A> Backup",
            "<title>a &amp; backup</title><p>back<!-- backup -->up b<b>ack</b>up &#98;ackup back&shy;up",
            "<h1>one <a href='/1'>backup</a></h1><a href='/2'><b>back</b>up</a><a name=n>backup</a>",
            "<script>var x = '<h1>backup</h1>';</script><style>backup{}</style><h1>no</h1><a href='javascript:x'>backup</a>",
            "<noscript><a href='/n'>backup</a></noscript><template><h1>backup</h1></template><a href=' /y '>z</a>",
            "<nav>backup <a href='/n'>backup</a><h1>backup</h1></nav><footer>backup</footer><aside>backup</aside>backup",
            "<meta name=description content='backup, security'><meta property='og:title' content='password'><meta "
            "name='author' content='backup'><meta content=network name=KEYWORDS>",
            "<ul><li>shared<li>buffers</ul><p>shared\n\tbuffers</p><p>shared<br>buffers shared&nbsp;buffers shared <i>buf</i>fers",
            "<a href='#top'>a</a><a href='tel:1'>b</a><a href='HTTPS://ANY.SITE.TEST/x'>c</a><a href='//www.any.site.test'>d</a>"
            "<a href='http://other.example:8080/?q'>e</a><a href='?q'>f</a><a href=''>g</a><a href='data:,x'>h</a><a>i</a>",
            "<p>TCP tcp Tcp backupbackup BACKUPbackup</p>",
            "<p>unfinished <a href='/x'>backup",
            "plain words, no markup at all: backup &lt;h1&gt;",
            "<body>text<title>late backup</title><h1></h1><h1>x</h1></body>",
            "<p>1 < 2 and 3 > 2 backup <3 </p><x-y>backup</x-y>",
            "<title>Coming soon</title><p>bought at SEDO, backup</p>",
            "",
            "   \n ",
        ]
        shown = []
        for i, snippet in enumerate(snippets):
            file = self.folder / f"snippet-{i}"
            file.write_text(snippet)
            shown.append({"file": str(file), "host": HOST, "contentType": "text/html; charset=utf-8"})
        for snippet, found in zip(snippets, self.ask(shown), strict=True):
            self.compare(snippet, found, oracle.judge_page(snippet.encode(), HOST, self.rules))


if __name__ == "__main__":
    unittest.main()
