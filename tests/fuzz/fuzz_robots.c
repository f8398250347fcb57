/* fuzz_robots.c: any bytes as robots.txt; what follows a NUL is the path asked about. */
#include "fuzz.h"

#include "net/robots.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = memchr(data, 0, size);
	size_t text_n = nul ? (size_t)(nul - data) : size;
	size_t path_n = nul ? size - text_n - 1 : 0;
	struct robots *robots = robots_parse((const char *)data, text_n, "testbot/1.0");
	char *path = malloc(path_n + 2);

	if (!robots || !path)
		abort();
	path[0] = '/';
	memcpy(path + 1, nul ? nul + 1 : data, path_n);
	path[path_n + 1] = '\0';
	if (!robots_allows(robots, path) && text_n == 0)
		abort();
	if (!robots_allows(robots, "/robots.txt"))
		abort();
	robots_destroy(robots);
	free(path);
	return 0;
}
