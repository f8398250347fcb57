/* protoc-gen-messages-c: protoc-gen-c with the parts of a request taken away that would only do harm.
 *
 *  - services: protobuf-c's own service structs are not used, and a method named like a C keyword breaks them;
 *  - custom options: their file imports descriptor.proto, whose 3000 generated lines every user would include.
 *
 * Reads the CodeGeneratorRequest, edits it, and runs protoc-gen-c (from PATH) on the rest with our stdout. */
#include "plugin_io.h"

#include "base/arena.h"

#include "plugin.pb-c.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void extensions_remove(Google__Protobuf__FileDescriptorProto *file)
{
	size_t kept = 0;

	file->n_extension = 0;
	for (size_t i = 0; i < file->n_dependency; i++)
		if (strcmp(file->dependency[i], "google/protobuf/descriptor.proto") != 0)
			file->dependency[kept++] = file->dependency[i];
	file->n_dependency = kept;
}

static void request_edit(Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
	for (size_t i = 0; i < request->n_proto_file; i++) {
		Google__Protobuf__FileDescriptorProto *file = request->proto_file[i];

		file->n_service = 0;
		/* Positions in the list of imports are only used by public and weak ones; such files stay whole. */
		if (file->n_extension && !file->n_public_dependency && !file->n_weak_dependency)
			extensions_remove(file);
	}
}

static bool run_generator(const Google__Protobuf__Compiler__CodeGeneratorRequest *request)
{
	int ends[2], how = 0;
	bool wrote;
	pid_t child;

	if (pipe(ends) != 0)
		return false;
	child = fork();
	if (child == 0) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		execlp("protoc-gen-c", "protoc-gen-c", (char *)NULL);
		fprintf(stderr, "protoc-gen-messages-c: protoc-gen-c can't be run: %s\n", strerror(errno));
		_exit(127);
	}
	close(ends[0]);
	wrote = child > 0 && plugin_write_message(ends[1], &request->base);
	close(ends[1]);
	while (child > 0 && waitpid(child, &how, 0) < 0 && errno == EINTR)
		;
	return wrote && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

int main(void)
{
	struct arena *arena = arena_create(0);
	Google__Protobuf__Compiler__CodeGeneratorRequest *request = NULL;
	struct buffer input;
	bool ok;

	buffer_init(&input, 0);
	if (arena && plugin_read_all(STDIN_FILENO, &input))
		request = (void *)plugin_unpack(arena, &google__protobuf__compiler__code_generator_request__descriptor,
						&input);
	if (request)
		request_edit(request);
	ok = request && run_generator(request);
	if (!ok)
		fprintf(stderr, "protoc-gen-messages-c: messages could not be generated\n");
	buffer_done(&input);
	arena_destroy(arena);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
