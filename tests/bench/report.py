"""The report of a run: rows in groups, and docs/benchmarks.md with the part of this run put in its place.

The document keeps whatever is outside the markers of a part: what people wrote about the figures, and the other part's run.
"""
import datetime
import os
import re
import subprocess
import sys
import time

from labkit.process import LabError
from measure import Missing, machine
from stack import CallFailed

HEAD = ("what", "figure", "goal", "yardstick of the same minute, ratio")
FAILURES = (Missing, CallFailed, LabError, OSError, ValueError, KeyError, IndexError, ZeroDivisionError,
            subprocess.SubprocessError)


class Report:
    """One part of the document: a run with its machine, its tables and its plans."""

    def __init__(self, part, title):
        self.part, self.title, self.blocks = part, title, []
        self.load, self.start = os.getloadavg(), time.monotonic()

    def group(self, title, note=""):
        """A new table; rows go to the last one."""
        self.blocks.append({"title": title, "note": note, "rows": [], "after": []})
        print(f"{title} ({time.monotonic() - self.start:.0f} s)", file=sys.stderr, flush=True)

    def row(self, what, figure, goal="–", yardstick="–"):
        self.blocks[-1]["rows"].append((what, figure, goal, yardstick))
        print(f"  {what:<40} {figure:<60} goal {goal:<26} {yardstick}", file=sys.stderr, flush=True)

    def text(self, text):
        """A paragraph, or a listing, below the table."""
        self.blocks[-1]["after"].append(text)

    def attempt(self, what, work, *args, **more):
        """What `work` returns; None, and a row that says why, when it could not be measured."""
        try:
            return work(*args, **more)
        except FAILURES as error:
            said = str(error).splitlines() or [type(error).__name__]
            self.row(what, f"not measured: {said[0][:160]}")
            return None

    def markdown(self, settings):
        seconds = time.monotonic() - self.start
        lines = [f"## {self.title}", "",
                 f"{datetime.date.today()}, {seconds:.0f} s, {settings} Machine: {machine()}. Load average {self.load[0]:.1f} at "
                 f"the beginning, {os.getloadavg()[0]:.1f} at the end."]
        for block in self.blocks:
            lines += ["", f"### {block['title']}", ""]
            lines += [block["note"], ""] if block["note"] else []
            lines += ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
            lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in block["rows"]]
            for text in block["after"]:
                lines += ["", text]
        return "\n".join(lines)


def replace_part(document, part, text):
    """The document with the text between the part's markers exchanged; ValueError when it has no such markers."""
    begin, end = f"<!-- {part}: written by ./dev bench -->", f"<!-- {part}: end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    if not pattern.search(document):
        raise ValueError(f"the document has no markers of '{part}'")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document, count=1)
