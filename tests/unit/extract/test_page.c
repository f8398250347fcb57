#include "extract/page.h"

#include "base/buffer.h"
#include "base/compiler.h"
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int make_page(void **state)
{
	*state = page_create(PAGE_TEXT_BYTES_MAX);
	return *state ? 0 : -1;
}

static int drop_page(void **state)
{
	page_destroy(*state);
	return 0;
}

static struct page_signals read_in(struct page *page, const char *type, const char *body, size_t n, size_t chunk)
{
	struct page_signals signals;
	size_t i;

	page_begin(page, "www.example.com", type);
	for (i = 0; i < n; i += chunk)
		assert_true(status_ok(page_feed(page, body + i, n - i < chunk ? n - i : chunk)));
	assert_true(status_ok(page_finish(page, false, &signals)));
	return signals;
}

static struct page_signals read_html(struct page *page, const char *body)
{
	return read_in(page, "text/html; charset=utf-8", body, strlen(body), strlen(body) + 1);
}

/* "title:…|body:…" */
static void regions_of(const struct page_signals *page, struct buffer *out)
{
	size_t i;

	buffer_clear(out);
	for (i = 0; i < page->segment_count; i++) {
		size_t end = i + 1 < page->segment_count ? page->segments[i + 1].start - 1 : page->text_len;
		size_t start = page->segments[i].start;

		buffer_printf(out, "%s%s:%.*s", i ? "|" : "", signal_text(page->segments[i].signal), (int)(end - start),
			      page->text + start);
	}
	buffer_text(out, "");
}

static void text_goes_to_its_region(void **state)
{
	static const struct {
		const char *html, *regions;
	} cases[] = {
		{ "<title> A\n b </title>x", "title:A b|body:x" },
		{ "<h1>one</h1><h1>two</h1>", "h1:one|h1:two" },
		{ "a<h1>one <a href=/x>link</a> more</h1>b", "body:a|h1:one link more|body:b" },
		{ "<a href=/x>in <h1>head</h1></a>", "anchor:in|h1:head" },
		{ "a <a href='/x'>link</a> b <a>no link</a>", "body:a|anchor:link|body:b no link" },
		{ "<a href=/1>one<a href=/2>two</a>", "anchor:one|anchor:two" },
		{ "a<nav>menu <a href=/x>link</a> rest</nav>b", "body:a|anchor:link|body:b" },
		{ "a<footer>x<aside>y</aside>z</footer>b", "body:a|body:b" },
		{ "<div>a<nav>b</div>c", "body:a|body:c" },
		{ "<nav>a<footer>b</nav>c", "body:c" },
		{ "a</nav>b", "body:a b" },
		{ "<meta name=description content='d &amp; e'><meta property=og:title content=t><meta name=x "
		  "content=no>b",
		  "meta:d & e|meta:t|body:b" },
		{ "<meta content=first name=Keywords>", "meta:first" },
		{ "a<script>if (1<2) x('</p>')</script>b<style>p{}</style>c", "body:abc" },
		{ "a<noscript><img src=x>t</noscript>b", "body:ab" },
		{ "a<template>t<h1>x</h1><a href=/y>z</a></template>b", "body:ab" },
		{ "tele<b>com</b> one<p>two</p>three<br>four", "body:telecom one two three four" },
		{ "<td>a</td><td>b</td>", "body:a b" },
		{ "a &nbsp; b&#160;c", "body:a b c" },
		{ "vo&shy;ip", "body:voip" },
		{ "<svg><title>logo</title></svg><title>page</title>", "title:page" },
		{ "<title>one</title><title>two</title>b", "title:one|body:b" },
		{ "<svg><script/>a</svg>b", "body:ab" },
		{ "<h1>open<div>in</div><p>still</p><h2>next</h2>body", "h1:open in still|body:next body" },
		{ "<div><h1>open</div>out", "h1:open|body:out" },
		{ "<textarea>a<b>c</textarea>d", "body:a<b>c d" },
		{ "<title>a</titl></title>b", "title:a</titl>|body:b" },
	};
	struct buffer regions;
	size_t i;

	buffer_init(&regions, 0);
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct page_signals signals = read_html(*state, cases[i].html);

		regions_of(&signals, &regions);
		if (strcmp(regions.data, cases[i].regions) != 0)
			fail_msg("%s\n  is  %s\n  not %s", cases[i].html, regions.data, cases[i].regions);
	}
	buffer_done(&regions);
}

static void markup_is_read_as_browsers_read_it(void **state)
{
	static const struct {
		const char *html, *text;
	} cases[] = {
		{ "a<!-- b --> c", "a c" },
		{ "a<!-->b", "ab" },
		{ "a<!--->b", "ab" },
		{ "a<!-- x --!>b", "ab" },
		{ "a<!-- x ---->b", "ab" },
		{ "a<!-- never closed", "a" },
		{ "a<!doctype html>b", "ab" },
		{ "a<!whatever>b<?php echo 1 ?>c", "abc" },
		{ "a</ x>b</>c", "abc" },
		{ "1 < 2 <3", "1 < 2 <3" },
		{ "a <", "a <" },
		{ "a </", "a </" },
		{ "a<b", "a" },
		{ "a<p title=\"x>y\">b", "a b" },
		{ "a<p title='x>y'>b", "a b" },
		{ "a<p title=x\"y>b", "a b" },
		{ "a<p title = >b", "a b" },
		{ "a<p/title=x/>b", "a b" },
		{ "a<p =x=y>b", "a b" },
		{ "a&amp;b&ampc&notit;&nosuch;&", "a&b&c\xC2\xACit;&nosuch;&" },
		{ "&#65;&#x42;&#X43;&#68 &#;&#x;&#xZ", "ABCD &#;&#x;&#xZ" },
		{ "&#0;&#x110000;&#xD800;&#128;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xE2\x82\xAC" },
		{ "&#99999999999999999999999999;", "\xEF\xBF\xBD" },
		{ "&CounterClockwiseContourIntegral;", "\xE2\x88\xB3" },
		{ "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;",
		  "&abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz;" },
		{ "&ampabcdefghijklmnopqrstuvwxyzabcdefghij;", "&abcdefghijklmnopqrstuvwxyzabcdefghij;" },
		{ "a<script><!-- <script>x</script> y --></script>b", "ab" },
		{ "a<script><!-- </script>b", "ab" },
		{ "a<script>\"<!--\"</script>b", "ab" },
		{ "a<script><!--<script></script>--></script>b", "ab" },
		{ "a<script>x</scripty></script >b", "ab" },
		{ "a<SCRIPT>x</ScRiPt>b", "ab" },
		{ "<svg><![CDATA[a<b]]]>c]]></svg>d", "a<b]c]]>d" },
		{ "<![CDATA[x>y", "y" },
		{ "a\x01z\x7F", "az" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct page_signals signals = read_html(*state, cases[i].html);

		if (strcmp(signals.text, cases[i].text) != 0)
			fail_msg("%s\n  is  %s\n  not %s", cases[i].html, signals.text, cases[i].text);
	}
}

static void links_are_counted_by_host(void **state)
{
	static const struct {
		const char *html;
		unsigned internal, external;
	} cases[] = {
		{ "<h1>a</h1><h1>b</h1><a href=/internal>i</a><a href=\"https://otherhost.xyz/ext\">e</a><a "
		  "href='/x'>x</a>"
		  "<a href=\"javascript:void(0)\">j</a>",
		  2, 1 },
		{ "<a href='HTTPS://EXAMPLE.com:443/x'>a<a href=//www.example.com?q>b<a href=http://user@example.com>c",
		  3, 0 },
		{ "<a href=http://sub.example.com/>a<a href=//other.example>b<a href=\"http://example.com.evil/\">c", 0,
		  3 },
		{ "<a href='#x'>a<a href=' '>b<a href=''>c<a href='mailto:x@y'>d<a href='TEL:1'>e<a "
		  "href='data:,x'>f<a>g",
		  0, 0 },
		{ "<a href='page.html'>a<a href='?q=1:2'>b<a href='./x:y'>c", 3, 0 },
		{ "<a href='ftp://example.com/'>a<a href='sms:1'>b", 0, 0 },
		{ "<nav><a href=/a>x</a></nav><footer><a href=http://o.test>y</a></footer>", 1, 1 },
		{ "<a href=/a href=http://o.test>first counts</a>", 1, 0 },
		{ "<a HREF='&#104;ttp://o.test/'>entity</a>", 0, 1 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct page_signals signals = read_html(*state, cases[i].html);

		assert_int_equal(signals.link_internal, cases[i].internal);
		assert_int_equal(signals.link_external, cases[i].external);
		if (i == 0)
			assert_int_equal(signals.h1_count, 2);
	}
}

static void pages_are_decoded_by_their_charset(void **state)
{
	static const struct {
		const char *type, *body, *text;
		size_t n; /* 0: strlen */
	} cases[] = {
		{ "text/html; charset=ISO-8859-1", "caf\xE9 \x80", "caf\xC3\xA9 \xE2\x82\xAC", 0 },
		{ "text/html;charset=\"utf-8\"", "caf\xC3\xA9", "caf\xC3\xA9", 0 },
		{ "text/html", "<meta charset=windows-1251>\xCF\xF0\xE8", "\xD0\x9F\xD1\x80\xD0\xB8", 0 },
		{ "text/html", "<meta http-equiv=Content-Type content='text/html; charset=shift_jis'>\x83\x65",
		  "\xE3\x83\x86", 0 },
		{ "text/html", "<!-- <meta charset=koi8-r> --><META CHARSET='utf-8'>\xC3\xA9", "\xC3\xA9", 0 },
		{ "text/html", "<?xml version='1.0' encoding='iso-8859-15'?>\xA4", "\xE2\x82\xAC", 0 },
		{ NULL, "caf\xE9", "caf\xC3\xA9", 0 },
		{ NULL, "caf\xC3\xA9 \xE9.", "caf\xC3\xA9 \xEF\xBF\xBD.", 0 },
		{ NULL, "caf\xC3", "caf\xC3\x83", 0 },
		{ "text/html; charset=utf-8", "a\xC3", "a\xEF\xBF\xBD", 0 },
		{ "text/html; charset=utf-8", "a\xE2\x82z\xC0\x80", "a\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD", 0 },
		{ "text/html; charset=latin1", "\xEF\xBB\xBF<p>\xC3\xA9", "\xEF\xBB\xBF \xC3\xA9", 0 },
		{ "text/html", "\xFF\xFEh\0\xE9\0", "\xEF\xBB\xBFh\xC3\xA9", 6 },
		{ "text/html; charset=nonsense", "caf\xE9", "caf\xC3\xA9", 0 },
		{ "text/html; charset=gb2312", "\xC4\xE3", "\xE4\xBD\xA0", 0 },
		{ "text/html; charset=euc-kr", "\xC7\xD1!\xFF?", "\xED\x95\x9C!\xEF\xBF\xBD?", 0 },
	};
	size_t i, chunk;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = cases[i].n ? cases[i].n : strlen(cases[i].body);

		for (chunk = 1; chunk <= n; chunk++) {
			struct page_signals signals = read_in(*state, cases[i].type, cases[i].body, n, chunk);
			const char *text = signals.text;

			if (strcmp(text, cases[i].text) != 0)
				fail_msg("case %zu in chunks of %zu: %s", i, chunk, text);
		}
	}
}

static void only_text_is_parsed(void **state)
{
	static const struct {
		const char *type, *body;
		bool is_text, is_html;
	} cases[] = {
		{ "text/html", "<p>x", true, true },
		{ "application/xhtml+xml", "<p>x", true, true },
		{ "text/plain", "a <b>", true, false },
		{ "application/json", "{}", false, false },
		{ "image/png", "x", false, false },
		{ "text/html", "%PDF-1.4", false, false },
		{ NULL, "<p>x", true, true },
		{ NULL, "\x02\x03 binary", false, false },
		{ "", "<p>x", true, true },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		struct page_signals signals = read_in(*state, cases[i].type, cases[i].body, strlen(cases[i].body), 100);

		assert_int_equal(signals.is_text, cases[i].is_text);
		assert_int_equal(signals.is_html, cases[i].is_html);
	}
	assert_string_equal(read_in(*state, "text/plain", "a <b>  c", 8, 3).text, "a <b> c");
}

static void titles_and_snippets_are_cut_at_characters(void **state)
{
	char html[8000] = "<title>";
	struct page_signals signals;
	size_t i;

	for (i = 0; i < 600; i++)
		strcat(html, "\xC3\xA9");
	strcat(html, "</title><p>x");
	for (i = 0; i < 200; i++)
		strcat(html, "\xC3\xA9");
	signals = read_html(*state, html);
	assert_int_equal(strlen(signals.title), 1000); /* 500 characters */
	assert_int_equal(strlen(signals.snippet), 255 + 3);
	assert_string_equal(signals.snippet + 255, "...");
	assert_int_equal(strlen(signals.visible), 401);
	signals = read_html(*state, "<title>t</title><nav>menu</nav><p>short</p>");
	assert_string_equal(signals.snippet, "menu short");
	assert_string_equal(signals.title, "t");
}

static void the_hash_is_that_of_the_body(void **state)
{
	struct page_signals signals = read_in(*state, "text/html", "abc", 3, 1);

	assert_string_equal(signals.content_hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(signals.content_bytes, 3);
	assert_string_equal(read_in(*state, "image/png", "abc", 3, 3).content_hash, signals.content_hash);
	assert_int_equal(read_in(*state, "text/html", "", 0, 1).content_bytes, 0);
}

static void text_beyond_the_limit_is_dropped_and_said(void **state)
{
	struct page *small = page_create(64);
	struct page_signals signals;
	char html[1000];
	size_t chunk, i;

	(void)state;
	for (i = 0; i < 200; i++)
		memcpy(html + i * 5, "<b>\xC3\xA9", 5);
	for (chunk = 1; chunk < 20; chunk++) {
		signals = read_in(small, "text/html; charset=utf-8", html, sizeof(html), chunk);
		assert_int_equal(signals.text_len, 64);
		assert_true(signals.is_text_cut);
	}
	page_destroy(small);
}

/* --- chunking and linearity ---------------------------------------------------------------------------------- */

static const char *const pieces[] = {
	"<",
	">",
	"/",
	"!",
	"-",
	"--",
	"<!--",
	"-->",
	"\"",
	"'",
	"=",
	" ",
	"\n",
	"&",
	"&amp",
	";",
	"&#x",
	"41",
	"a",
	"href",
	"<a href=",
	"</a>",
	"<h1>",
	"</h1>",
	"<div>",
	"</div>",
	"<nav>",
	"</nav>",
	"<script>",
	"</script>",
	"<svg>",
	"</svg>",
	"<title>",
	"</title>",
	"<template>",
	"</template>",
	"<meta name=description content=",
	"<![CDATA[",
	"]]>",
	"\xC3\xA9",
	"\xC3",
	"\xE2\x82",
	"\xFF",
	"\xC2\xA0",
	"voip",
	"http://x.test/",
	"/p",
	"<p ",
	"<textarea>",
	"</textarea",
};

static void any_chunking_gives_the_same_signals(void **state)
{
	static const char *const types[] = { "text/html; charset=utf-8", NULL, "text/html; charset=windows-1252",
					     "text/html; charset=shift_jis", "text/plain" };
	struct page *other = page_create(PAGE_TEXT_BYTES_MAX);
	struct rng rng;
	int round;

	rng_init(&rng, 1);
	for (round = 0; round < 3000; round++) {
		const char *type = types[rng_below(&rng, ARRAY_LEN(types))];
		char html[4000];
		size_t n = 0, i, count = rng_below(&rng, 200);
		struct page_signals whole, split;

		for (i = 0; i < count; i++) {
			const char *piece = pieces[rng_below(&rng, ARRAY_LEN(pieces))];

			memcpy(html + n, piece, strlen(piece));
			n += strlen(piece);
		}
		whole = read_in(*state, type, html, n, n + 1);
		page_begin(other, "www.example.com", type);
		for (i = 0; i < n;) {
			size_t chunk = 1 + rng_below(&rng, 7);

			chunk = chunk < n - i ? chunk : n - i;
			assert_true(status_ok(page_feed(other, html + i, chunk)));
			i += chunk;
		}
		assert_true(status_ok(page_finish(other, false, &split)));
		assert_int_equal(whole.text_len, split.text_len);
		assert_memory_equal(whole.text, split.text, whole.text_len + 1);
		assert_int_equal(whole.segment_count, split.segment_count);
		for (i = 0; i < whole.segment_count; i++) {
			assert_int_equal(whole.segments[i].start, split.segments[i].start);
			assert_int_equal(whole.segments[i].signal, split.segments[i].signal);
		}
		assert_string_equal(whole.title, split.title);
		assert_string_equal(whole.snippet, split.snippet);
		assert_string_equal(whole.visible, split.visible);
		assert_string_equal(whole.content_hash, split.content_hash);
		assert_string_equal(whole.charset, split.charset);
		assert_int_equal(whole.h1_count, split.h1_count);
		assert_int_equal(whole.link_internal, split.link_internal);
		assert_int_equal(whole.link_external, split.link_external);
	}
	page_destroy(other);
}

static void work_grows_linearly_with_the_page(void **state)
{
	static const char *const patterns[] = {
		"<div>",
		"<",
		"&",
		"&amp",
		"&a",
		"<a href=x>y",
		"<!--",
		"<!-- -->",
		"</script>",
		"<script>",
		"<a b=\"",
		"<nav><footer>",
		"<h1>",
		"</div>",
		"<svg>",
		"<![CDATA[",
		"&#x4",
		"</titl",
		"<title></ti",
		"<p a='",
		"\xC3\xA9",
		"\xC3",
		"]]",
		"<a href='&amp;",
		"<meta name=description content=x>",
		"<template>",
		"a <b>c</b>",
		"-",
		"<script><!--<script>",
	};
	const size_t sizes[] = { 65536, 2097152 };
	char *html = malloc(sizes[1]);
	size_t i, s, at;

	assert_non_null(html);
	for (i = 0; i < ARRAY_LEN(patterns); i++) {
		uint64_t work[2];

		for (s = 0; s < 2; s++) {
			struct page_signals signals;

			for (at = 0; at < sizes[s]; at++)
				html[at] = patterns[i][at % strlen(patterns[i])];
			signals = read_in(*state, "text/html", html, sizes[s], 16384);
			work[s] = signals.work;
			assert_true(signals.work <= 2 * sizes[s] + 16);
		}
		assert_true(work[1] <= 33 * work[0] + 1024);
	}
	free(html);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_goes_to_its_region),
		cmocka_unit_test(markup_is_read_as_browsers_read_it),
		cmocka_unit_test(links_are_counted_by_host),
		cmocka_unit_test(pages_are_decoded_by_their_charset),
		cmocka_unit_test(only_text_is_parsed),
		cmocka_unit_test(titles_and_snippets_are_cut_at_characters),
		cmocka_unit_test(the_hash_is_that_of_the_body),
		cmocka_unit_test(text_beyond_the_limit_is_dropped_and_said),
		cmocka_unit_test(any_chunking_gives_the_same_signals),
		cmocka_unit_test(work_grows_linearly_with_the_page),
	};

	return cmocka_run_group_tests(tests, make_page, drop_page);
}
