#include "out_file.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct status refuse(const char *path, int error)
{
	return status_make(STATUS_INVALID_ARGUMENT, "BAD_OUTPUT", "%s: %s", path, strerror(error));
}

/* ".name.XXXXXX" in the folder of the file. */
static const char *temporary_name(const char *path, struct arena *arena)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash + 1 - path) : 0;

	return arena_printf(arena, "%.*s.%s.XXXXXX", folder, path, path + folder);
}

struct status out_file_open(struct out_file *file, const char *path, FILE *otherwise, struct arena *arena)
{
	mode_t mask = umask(0);
	struct stat there;
	int fd;

	umask(mask);
	*file = (struct out_file){ .stream = otherwise };
	if (!path || strcmp(path, "-") == 0)
		return STATUS_OK_VALUE;
	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
		FILE *stream = S_ISDIR(there.st_mode) ? NULL : fopen(path, "we");

		if (!stream)
			return refuse(path, S_ISDIR(there.st_mode) ? EISDIR : errno);
		*file = (struct out_file){ .stream = stream, .path = path };
		return STATUS_OK_VALUE;
	}
	file->temporary = temporary_name(path, arena);
	if (!file->temporary)
		return status_out_of_memory();
	fd = mkostemp((char *)(uintptr_t)file->temporary, O_CLOEXEC);
	if (fd < 0)
		return refuse(path, errno);
	file->path = path;
	file->stream = fdopen(fd, "w");
	if (!file->stream || fchmod(fd, 0666 & ~mask) != 0) {
		int error = errno;

		close(fd);
		unlink(file->temporary);
		return refuse(path, error);
	}
	return STATUS_OK_VALUE;
}

static struct status failed(const char *path, int error)
{
	return status_make(STATUS_INTERNAL, "OUTPUT", "%s: %s", path, strerror(error));
}

struct status out_file_close(struct out_file *file, struct status st)
{
	bool is_written = fflush(file->stream) == 0 && !ferror(file->stream);
	int error = errno;

	if (!file->path)
		return status_ok(st) && !is_written ? failed("standard output", error) : st;
	if (is_written && file->temporary && fsync(fileno(file->stream)) != 0) {
		is_written = false;
		error = errno;
	}
	if (fclose(file->stream) != 0 && is_written) {
		is_written = false;
		error = errno;
	}
	if (status_ok(st) && !is_written)
		st = failed(file->path, error);
	if (status_ok(st) && file->temporary && rename(file->temporary, file->path) != 0)
		st = failed(file->path, errno);
	if (!status_ok(st) && file->temporary)
		unlink(file->temporary);
	return st;
}
