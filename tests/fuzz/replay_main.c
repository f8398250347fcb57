/* replay_main.c: runs a fuzz target on every file of the directories given, for compilers without libFuzzer.
 * Fails when there is nothing to run, so that a corpus can't get lost unnoticed. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (4 * 1024 * 1024)

static int replay_file(const char *path)
{
	uint8_t *all, *exact;
	size_t n;
	FILE *f = fopen(path, "rb");

	if (!f)
		return -1;
	all = malloc(INPUT_BYTES_MAX);
	n = all ? fread(all, 1, INPUT_BYTES_MAX, f) : 0;
	/* A copy of the exact size lets the address sanitizer see a read past the end. */
	exact = malloc(n ? n : 1);
	if (all && exact) {
		memcpy(exact, all, n);
		LLVMFuzzerTestOneInput(exact, n);
	}
	free(exact);
	free(all);
	fclose(f);
	return all && exact ? 0 : -1;
}

static int replay_directory(const char *directory, unsigned *count)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int how = dir ? 0 : -1;

	while (dir && how == 0 && (entry = readdir(dir)) != NULL) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		how = replay_file(path);
		if (how != 0)
			fprintf(stderr, "%s can't be read\n", path);
		++*count;
	}
	if (dir)
		closedir(dir);
	return how;
}

int main(int argc, char **argv)
{
	unsigned count = 0;

	for (int i = 1; i < argc; i++)
		if (replay_directory(argv[i], &count) != 0)
			return EXIT_FAILURE;
	printf("%u inputs\n", count);
	return count ? EXIT_SUCCESS : EXIT_FAILURE;
}
