/* fuzz_url.c: any text as a Location header. What is accepted stays the same when read again, and its host is either a
 * name worth asking for or an address. */
#include "fuzz.h"

#include "net/url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_url base, url, again;
	const char *why;
	char *text = malloc(size + 1);

	if (!text || !http_url_parse("https://www.example.com/dir/page?q=1", &base, &why))
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (http_url_resolve(&base, text, &url, &why)) {
		if (!url.has_address && !dns_name_valid(url.host))
			abort();
		if (strlen(url.text) > HTTP_URL_MAX || http_url_path(&url)[0] == '\0')
			abort();
		if (http_url_parse(url.text, &again, &why) && strcmp(again.host, url.host) != 0)
			abort();
	}
	free(text);
	return 0;
}
