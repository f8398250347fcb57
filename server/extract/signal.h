/* extract/signal.h: where on a page a keyword was seen. The order is the order of importance (03 §3). */
#ifndef EXTRACT_SIGNAL_H
#define EXTRACT_SIGNAL_H

#define SIGNALS(X) \
	X(TITLE, "title")           /* <title> */ \
	X(H1, "h1")                 /* text of every h1, links inside it included */ \
	X(META, "meta")             /* description, keywords, og:title, og:description */ \
	X(ANCHOR, "anchor")         /* text of every a with href */ \
	X(BODY, "body")             /* remaining visible text outside nav, footer and aside */ \
	X(MICROCRAWL, "microcrawl") /* any text of a page fetched beyond the root */ \
	X(DERIVED, "derived")       /* not read from text */

enum signal {
#define X(name, text) SIGNAL_##name,
	SIGNALS(X)
#undef X
		SIGNAL_COUNT
};

/* "title", "h1" … */
const char *signal_text(enum signal signal);

#endif
