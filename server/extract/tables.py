#!/usr/bin/env python3
"""Writes entities.inc and tags.inc beside this file. Run it after changing TAGS; the results are committed.

entities.inc: the named character references of HTML, sorted by name (bytes).
tags.inc:     the element names the tokenizer knows, in a perfect hash of 512 slots (hash in html_tags.c).
"""
import html.entities
import itertools
import os

HERE = os.path.dirname(os.path.abspath(__file__))

# name, enum html_tag, flags
TAGS = [
    ("a", "A", "HTML_ATTRS"), ("meta", "META", "HTML_ATTRS"), ("title", "TITLE", "HTML_BLOCK | HTML_RCDATA"),
    ("textarea", "OTHER", "HTML_BLOCK | HTML_RCDATA"), ("script", "SCRIPT", "HTML_RAW"), ("style", "OTHER", "HTML_RAW"),
    ("noscript", "OTHER", "HTML_RAW"), ("iframe", "OTHER", "HTML_BLOCK | HTML_RAW"), ("noembed", "OTHER", "HTML_RAW"),
    ("noframes", "OTHER", "HTML_RAW"), ("xmp", "OTHER", "HTML_BLOCK | HTML_RAW"), ("template", "TEMPLATE", "0"),
    ("svg", "SVG", "0"), ("math", "SVG", "0"), ("div", "DIV", "HTML_BLOCK"),
    ("nav", "NAV", "HTML_BLOCK"), ("footer", "FOOTER", "HTML_BLOCK"), ("aside", "ASIDE", "HTML_BLOCK"),
    ("h1", "H1", "HTML_BLOCK"),
] + [(h, "HEADING", "HTML_BLOCK") for h in ("h2", "h3", "h4", "h5", "h6")] + [
    (b, "OTHER", "HTML_BLOCK") for b in (
        "address article blockquote body br button caption center dd details dialog dir dl dt fieldset figcaption "
        "figure form head header hgroup hr html legend li main menu ol optgroup option p pre search section select "
        "summary table tbody td tfoot th thead tr ul").split()]


def c_bytes(data):
    return "".join("\\x%02X" % b for b in data)


def entities():
    with open(os.path.join(HERE, "entities.inc"), "w") as out:
        out.write("/* Written by tables.py: the named character references of HTML, sorted by name. */\n")
        for name, value in sorted(html.entities.html5.items(), key=lambda item: item[0].encode()):
            out.write('ENTITY("%s", "%s")\n' % (name, c_bytes(value.encode())))


def slot(name, a, b, c, d):
    first, second, last = ord(name[0]), ord(name[1]) if len(name) > 1 else 0, ord(name[-1])
    return (len(name) * a + first * b + second * c + last * d) & 511


def tags():
    names = [tag[0] for tag in TAGS]
    for a, b, c, d in itertools.product(range(1, 64), repeat=4):
        if len({slot(n, a, b, c, d) for n in names}) == len(names):
            break
    else:
        raise SystemExit("no perfect hash; widen the table")
    with open(os.path.join(HERE, "tags.inc"), "w") as out:
        out.write("/* Written by tables.py: element names in a perfect hash. */\n")
        out.write("#define TAG_HASH(n, first, second, last) (((n) * %du + (first) * %du + (second) * %du + (last) * %du) & 511)\n"
                  % (a, b, c, d))
        for number, (name, kind, flags) in enumerate(TAGS, 1):
            out.write('TAG(%d, %d, "%s", %s, %s)\n' % (number, slot(name, a, b, c, d), name, kind, flags))


entities()
tags()
