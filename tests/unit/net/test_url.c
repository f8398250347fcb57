#include "net/http_reason.h"
#include "net/url.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void locations_resolve(void **state)
{
	static const struct {
		const char *location, *text, *host;
	} cases[] = {
		{ "/a", "https://example.com/a", "example.com" },
		{ "b?x=1", "https://example.com/dir/b?x=1", "example.com" },
		{ "../c#frag", "https://example.com/c", "example.com" },
		{ "?q", "https://example.com/dir/page?q", "example.com" },
		{ "//WWW.Example.org", "https://www.example.org/", "www.example.org" },
		{ "http://example.com:80/", "http://example.com/", "example.com" },
		{ "https://example.com:8443/x", "https://example.com:8443/x", "example.com" },
		{ "http://user:secret@example.com/", "http://example.com/", "example.com" },
		{ "http://example.com./", "http://example.com./", "example.com" },
		{ "/a b", "https://example.com/a%20b", "example.com" },
		{ "http://0x7f.1/", "http://127.0.0.1/", "127.0.0.1" },
		{ "http://[::1]:8080/", "http://[::1]:8080/", "::1" },
		{ "ftp://example.com/", NULL, NULL },
		{ "file:///etc/passwd", NULL, NULL },
		{ "javascript:alert(1)", NULL, NULL },
		{ "http://", NULL, NULL },
		{ "http://example.com:25/", NULL, NULL },
		{ "http://example.com:0/", NULL, NULL },
		{ "http://example.com:99999/", NULL, NULL },
		{ "http://[fe80::1%25lo]/", NULL, NULL },
		{ "http://localhost/", NULL, NULL },
		{ "http://exa mple.com/", NULL, NULL },
		{ "http://\xe2\x91\xa0.example.com/", NULL, NULL },
		{ "http://a\001b.com/", NULL, NULL },
	};
	struct http_url base, out;
	const char *why;

	(void)state;
	assert_true(http_url_parse("https://example.com/dir/page", &base, &why));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool fits = http_url_resolve(&base, cases[i].location, &out, &why);

		if (fits != (cases[i].text != NULL))
			fail_msg("'%s' %s", cases[i].location, fits ? out.text : why);
		if (fits) {
			assert_string_equal(out.text, cases[i].text);
			assert_string_equal(out.host, cases[i].host);
		}
	}
}

static void an_overlong_location_is_refused(void **state)
{
	struct http_url base, out;
	const char *why;
	char *location = malloc(20000);

	(void)state;
	memset(location, 'a', 19999);
	location[19999] = '\0';
	assert_true(http_url_parse("http://example.com", &base, &why));
	assert_string_equal(base.text, "http://example.com/");
	assert_false(http_url_resolve(&base, location, &out, &why));
	assert_string_equal(why, "URL too long");
	free(location);
}

static void roots_robots_and_paths(void **state)
{
	struct http_url url, robots;
	const char *why;

	(void)state;
	assert_true(http_url_root(true, "Example.com", &url));
	assert_string_equal(url.text, "https://example.com/");
	assert_string_equal(http_url_path(&url), "/");
	assert_false(http_url_root(true, "127.0.0.1", &url));
	assert_false(http_url_root(true, "a.com/../x", &url));
	assert_true(http_url_parse("http://example.com:8080/a/b?c=d", &url, &why));
	assert_string_equal(http_url_path(&url), "/a/b?c=d");
	assert_int_equal(url.port, 8080);
	assert_true(http_url_robots(&url, &robots));
	assert_string_equal(robots.text, "http://example.com:8080/robots.txt");
}

static void content_types(void **state)
{
	char charset[16];

	(void)state;
	assert_true(http_content_is_text(""));
	assert_true(http_content_is_text("text/html; charset=utf-8"));
	assert_true(http_content_is_text("TEXT/plain"));
	assert_true(http_content_is_text("application/xhtml+xml"));
	assert_false(http_content_is_text("application/json"));
	assert_false(http_content_is_text("image/png"));
	assert_false(http_content_is_text("application/xmlx"));
	http_content_charset("text/html; Charset='UTF-8'; x", charset, sizeof charset);
	assert_string_equal(charset, "utf-8");
	http_content_charset("text/html; charset=a-name-that-is-too-long", charset, sizeof charset);
	assert_string_equal(charset, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locations_resolve),
		cmocka_unit_test(an_overlong_location_is_refused),
		cmocka_unit_test(roots_robots_and_paths),
		cmocka_unit_test(content_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
