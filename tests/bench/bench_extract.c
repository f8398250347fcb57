/* bench_extract.c: how fast one core turns HTML into feature rows.
 *
 *   bench_extract DIRECTORY [ROUNDS]
 *
 * Reads every .html file below DIRECTORY into memory (512 MiB at most), then goes over all of them ROUNDS times (5),
 * in chunks of 16 KiB as a fetcher would feed them. Prints MB/s of HTML for reading alone (charset, tokenizer,
 * regions, hash), and with 100 string rules and the feature row; then the time of one 2 MB page. Times are processor
 * time, so that a busy machine changes little; the best round counts. */
#include "base/arena.h"
#include "extract/features.h"
#include "extract/page.h"
#include "extract/rules.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define CHUNK_BYTES  16384
#define CORPUS_BYTES (512u << 20)
#define FILES_MAX    20000
#define RULE_COUNT   100
#define LARGE_BYTES  2097152

struct file {
	char *bytes;
	size_t n;
};

struct corpus {
	struct file files[FILES_MAX];
	size_t count, bytes;
};

/* nftw has no argument for its callback. */
static struct corpus corpus;

static int add_file(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	size_t len = strlen(path), n = (size_t)info->st_size;
	struct file *file = &corpus.files[corpus.count];
	FILE *in;

	(void)where;
	if (kind != FTW_F || len < 5 || strcasecmp(path + len - 5, ".html") != 0 || n == 0)
		return 0;
	if (corpus.count == FILES_MAX || corpus.bytes + n > CORPUS_BYTES)
		return 0;
	in = fopen(path, "rb");
	if (!in)
		return 0;
	file->bytes = malloc(n);
	file->n = file->bytes ? fread(file->bytes, 1, n, in) : 0;
	fclose(in);
	corpus.count++;
	corpus.bytes += file->n;
	return 0;
}

/* Words as campaigns use them, some that occur in any prose, most that are rare. */
static struct rules *rules_make(void)
{
	static const char *const words[] = { "voip",    "telecom", "server",  "configuration",  "license",
					     "network", "cloud",   "hosting", "business phone", "sip trunk" };
	static char patterns[RULE_COUNT][32];
	struct rule_spec specs[RULE_COUNT];
	struct rules *rules = NULL;
	size_t i;

	for (i = 0; i < RULE_COUNT; i++) {
		const char *word = words[i % (sizeof(words) / sizeof(words[0]))];

		if (i < sizeof(words) / sizeof(words[0]))
			snprintf(patterns[i], sizeof(patterns[i]), "%s", word);
		else
			snprintf(patterns[i], sizeof(patterns[i]), "%.12s provider %zu", word, i);
		specs[i] = (struct rule_spec){
			.keyword_id = { { (uint8_t)i } }, .pattern = patterns[i], .weight = 1, .context_chars = 60
		};
	}
	return status_ok(rules_compile(specs, RULE_COUNT, &rules)) ? rules : NULL;
}

struct tools {
	struct page *page;
	struct rules *rules;
	struct rules_scratch *scratch;
	struct arena *arena;
	uint64_t hits;
};

static bool read_page(struct tools *tools, const char *bytes, size_t n, struct page_signals *out)
{
	size_t i;

	page_begin(tools->page, "www.example.com", "text/html");
	for (i = 0; i < n; i += CHUNK_BYTES)
		if (!status_ok(page_feed(tools->page, bytes + i, n - i < CHUNK_BYTES ? n - i : CHUNK_BYTES)))
			return false;
	return status_ok(page_finish(tools->page, false, out));
}

static bool extract(struct tools *tools, const char *bytes, size_t n)
{
	static const char fetched_at[] = "2026-01-01T00:00:00.000Z";
	const struct features_config config = features_config_default();
	struct page_signals page;
	struct rules_found found;
	const struct features_input input = { &page, &found, 200, fetched_at };
	struct features features;

	arena_reset(tools->arena);
	if (!read_page(tools, bytes, n, &page) ||
	    !status_ok(rules_scan(tools->rules, tools->scratch, &page, tools->arena, &found)) ||
	    !status_ok(features_build(&config, &input, tools->arena, &features)))
		return false;
	tools->hits += found.hits;
	return true;
}

static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Best of `rounds`, in microseconds. */
static int64_t best_us(struct tools *tools, int rounds, bool all)
{
	int64_t best = INT64_MAX;
	struct page_signals page;
	size_t i;
	int round;

	for (round = 0; round < rounds; round++) {
		int64_t start = cpu_us(), took;

		tools->hits = 0;
		for (i = 0; i < corpus.count; i++) {
			const struct file *file = &corpus.files[i];
			bool ok = all ? extract(tools, file->bytes, file->n)
				      : read_page(tools, file->bytes, file->n, &page);

			if (!ok)
				exit(EXIT_FAILURE);
		}
		took = cpu_us() - start;
		best = took < best ? took : best;
	}
	return best > 0 ? best : 1;
}

static double large_page_ms(struct tools *tools)
{
	char *bytes = malloc(LARGE_BYTES);
	size_t n = 0, i;
	int64_t start;

	if (!bytes)
		exit(EXIT_FAILURE);
	for (i = 0; n < LARGE_BYTES; i = (i + 1) % corpus.count) {
		size_t part = corpus.files[i].n < LARGE_BYTES - n ? corpus.files[i].n : LARGE_BYTES - n;

		memcpy(bytes + n, corpus.files[i].bytes, part);
		n += part;
	}
	start = cpu_us();
	if (!extract(tools, bytes, n))
		exit(EXIT_FAILURE);
	start = cpu_us() - start;
	free(bytes);
	return (double)start / 1000;
}

int main(int argc, char **argv)
{
	struct tools tools = { 0 };
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	int64_t read_us, all_us;

	if (argc < 2 || nftw(argv[1], add_file, 16, FTW_PHYS) != 0 || corpus.bytes == 0 || rounds < 1) {
		fprintf(stderr, "usage: %s DIRECTORY_WITH_HTML [ROUNDS]\n", argv[0]);
		return EXIT_FAILURE;
	}
	tools.page = page_create(PAGE_TEXT_BYTES_MAX);
	tools.rules = rules_make();
	tools.scratch = rules_scratch_create();
	tools.arena = arena_create(0);
	if (!tools.page || !tools.rules || !tools.scratch || !tools.arena)
		return EXIT_FAILURE;
	read_us = best_us(&tools, rounds, false);
	all_us = best_us(&tools, rounds, true);
	printf("pages %zu, %.1f MB, mean %.1f KB, %llu hits\n", corpus.count, (double)corpus.bytes / 1e6,
	       (double)corpus.bytes / 1e3 / (double)corpus.count, (unsigned long long)tools.hits);
	printf("read      %7.1f MB/s  %7.1f us a page\n", (double)corpus.bytes / (double)read_us,
	       (double)read_us / (double)corpus.count);
	printf("extract   %7.1f MB/s  %7.1f us a page\n", (double)corpus.bytes / (double)all_us,
	       (double)all_us / (double)corpus.count);
	printf("2 MB page %7.1f ms\n", large_page_ms(&tools));
	page_destroy(tools.page);
	rules_release(tools.rules);
	rules_scratch_destroy(tools.scratch);
	arena_destroy(tools.arena);
	return EXIT_SUCCESS;
}
