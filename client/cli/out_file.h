/* cli/out_file.h: a file that is there completely or not at all. One thread.
 *
 * What is written goes to a temporary file beside it, which takes its name when all is well. A name that belongs to no
 * plain file (/dev/stdout, a pipe) is written to directly. */
#ifndef CLI_OUT_FILE_H
#define CLI_OUT_FILE_H

#include "base/status.h"

#include <stdio.h>

struct arena;

struct out_file {
	FILE *stream;          /* to write to */
	const char *path;      /* NULL: `stream` is somebody else's */
	const char *temporary; /* NULL: written to directly */
};

/* NULL or "-": `otherwise`. Names live in the arena. INVALID_ARGUMENT / BAD_OUTPUT names the file. */
struct status out_file_open(struct out_file *file, const char *path, FILE *otherwise, struct arena *arena) MUST_CHECK;
/* Ends the file: kept when `st` is OK, else removed. Returns `st`, or what went wrong here: INTERNAL / OUTPUT. */
struct status out_file_close(struct out_file *file, struct status st) MUST_CHECK;

#endif
