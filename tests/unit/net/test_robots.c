/* RFC 9309, its examples included. */
#include "net/robots.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *agent, const char *path, bool allowed)
{
	struct robots *robots = robots_parse(text, strlen(text), agent);

	assert_non_null(robots);
	if (robots_allows(robots, path) != allowed)
		fail_msg("%s for %s should be %s by:\n%s", path, agent, allowed ? "allowed" : "disallowed", text);
	robots_destroy(robots);
}

static void the_group_of_our_product_token_counts(void **state)
{
	static const char text[] =
		"User-agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\n"
		"User-agent: foobot\nDisallow:/\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n"
		"User-agent: barbot\nUser-agent: bazbot\nDisallow: /example/page.html\n\n"
		"User-Agent: quxbot\n";

	(void)state;
	expect(text, "foobot/2.0", "/", false);
	expect(text, "FooBot/2.0", "/example/page.html", true);
	expect(text, "foobot", "/example/allowed.gif", true);
	expect(text, "BazBot/1.0 (+https://example.com)", "/example/page.html", false);
	expect(text, "barbot", "/example/other.html", true);
	expect(text, "barbot", "/publications/x.gif", true);
	expect(text, "quxbot", "/example/page.html", true); /* a group without rules allows everything */
	expect(text, "otherbot", "/x.gif", false);
	expect(text, "otherbot", "/x.gif?a", true);
	expect(text, "otherbot", "/example/page.html", false);
	expect(text, "otherbot", "/publications/", true);
	expect(text, "foobotnews/1.0", "/x", true); /* the token is compared whole */
	expect(text, "Mozilla/5.0 (compatible; foobot/1.0; +http://a.b)", "/x", false);
}

static void groups_of_one_token_are_merged(void **state)
{
	static const char text[] = "user-agent: ExampleBot\ndisallow: /foo\n\nuser-agent: other\ndisallow: /\n\n"
				   "user-agent: ExampleBot/1.1 # comment\nsitemap: x\ndisallow: /bar\n";

	(void)state;
	expect(text, "examplebot", "/foo", false);
	expect(text, "examplebot", "/bar/x", false);
	expect(text, "examplebot", "/x", true);
}

static void the_longest_match_wins_and_allow_on_a_tie(void **state)
{
	static const struct {
		const char *rules, *path;
		bool allowed;
	} cases[] = {
		{ "Allow: /p\nDisallow: /\n", "/page", true },
		{ "Allow: /folder\nDisallow: /folder\n", "/folder/page", true },
		{ "Disallow: /folder\nAllow: /folder\n", "/folder/page", true },
		{ "Allow: /page\nDisallow: /*.htm\n", "/page.htm", false },
		{ "Allow: /page\nDisallow: /*.ph\n", "/page.php5", true },
		{ "Allow: /$\nDisallow: /\n", "/", true },
		{ "Allow: /$\nDisallow: /\n", "/page.htm", false },
		{ "Disallow:\n", "/x", true },
		{ "Disallow: /\n", "/robots.txt", true },
		{ "Disallow: /fish\n", "/fish", false },
		{ "Disallow: /fish\n", "/fish.html?a=1", false },
		{ "Disallow: /fish\n", "/Fish.asp", true },
		{ "Disallow: /fish*\n", "/fishheads", false },
		{ "Disallow: /fish/\n", "/fish", true },
		{ "Disallow: /*.php$\n", "/folder/filename.php", false },
		{ "Disallow: /*.php$\n", "/filename.php?parameters", true },
		{ "Disallow: /*.php$\n", "/filename.php/", true },
		{ "Disallow: /*.php$\n", "/a.php/b.php", false },
		{ "Disallow: /fish*.php\n", "/fishheads/catfish.php?a", false },
		{ "Disallow: /fish*.php\n", "/Fish.PHP", true },
		{ "Disallow: /*a*b*c$\n", "/xaybzc", false },
		{ "Disallow: /*a*b*c$\n", "/xaybzcd", true },
		{ "Disallow: *\n", "/x", false },
		{ "Disallow: /ab$cd\n", "/ab$cd", false },
		{ "Disallow: /foo/bar?baz=https://foo.bar\n", "/foo/bar?baz=https://foo.bar", false },
		{ "Disallow: /foo/bar/\xe3\x83\x84\n", "/foo/bar/%E3%83%84", false },
		{ "Disallow: /foo/bar/%e3%83%84\n", "/foo/bar/%E3%83%84", false },
		{ "Disallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz", false },
		{ "Disallow: /foo%2Fbar\n", "/foo/bar", true },
		{ "disallow : /x # why\r\n", "/x", false },
		{ "Disallow: /x\rDisallow: /y\r", "/y", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[256] = "User-agent: *\n";

		strcat(text, cases[i].rules);
		expect(text, "bot", cases[i].path, cases[i].allowed);
	}
}

static void what_is_not_robots_allows_everything(void **state)
{
	(void)state;
	assert_true(robots_allows(NULL, "/x"));
	expect("", "bot", "/x", true);
	expect("<html><body>User-agent</body></html>", "bot", "/x", true);
	expect("Disallow: /\n", "bot", "/x", true); /* belongs to no group */
	expect("\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "bot", "/x", false);
}

static void a_hostile_file_stays_bounded(void **state)
{
	size_t n = 2 * ROBOTS_BYTES_MAX;
	char *text = malloc(n);
	struct robots *robots;
	char path[4001];

	(void)state;
	memset(text, '*', n);
	for (size_t i = 0; i + 100 < n; i += 100)
		memcpy(text + i, i ? "\nDisallow: /" : "User-agent: *\n", i ? 12 : 14);
	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[4000] = '\0';
	robots = robots_parse(text, n, "bot");
	assert_non_null(robots);
	assert_false(robots_allows(robots, path));
	robots_destroy(robots);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_group_of_our_product_token_counts),
		cmocka_unit_test(groups_of_one_token_are_merged),
		cmocka_unit_test(the_longest_match_wins_and_allow_on_a_tie),
		cmocka_unit_test(what_is_not_robots_allows_everything),
		cmocka_unit_test(a_hostile_file_stays_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
