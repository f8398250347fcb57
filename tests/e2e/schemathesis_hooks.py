"""Loaded by schemathesis (test_schemathesis.py), not by the tests."""

import schemathesis

BYTES = 64  # the smallest limit of a text in the contract


def texts(value):
    """Every text in a query or a body."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(name)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def fits(value):
    """The contract limits bytes, a schema characters. They are the same in ASCII; other text stays below any limit."""
    return all(text.isascii() or len(text.encode("utf-8", "surrogatepass")) <= BYTES for text in texts(value))


@schemathesis.hook
def filter_query(_context, query):
    return fits(query)


@schemathesis.hook
def filter_body(_context, body):
    return fits(body)
