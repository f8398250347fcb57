/* Process-wide setup of the gRPC core: once, with the first server. */
#include "base/log.h"
#include "rpc/internal.h"

#include <dlfcn.h>
#include <grpc/support/log.h>
#include <signal.h>

/* The core's own lines go into our log. Its ERROR lines include every failed handshake of a stranger, so they are
 * warnings here; what it thinks is INFO is noise to an operator. */
static void core_log(gpr_log_func_args *args)
{
	enum log_level level = args->severity == GPR_LOG_SEVERITY_ERROR ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
	const struct log_field fields[] = { LOG_STR("text", args->message), LOG_STR("file", args->file),
					    LOG_INT("line", args->line) };

	log_write(level, "grpc_core", fields, ARRAY_LEN(fields));
}

/* The distribution builds abseil with its deadlock detector on: every mutex operation updates a graph. Off saves
 * 4-7 % of a call. The symbol carries abseil's version namespace, so the known spellings are tried. */
static void abseil_quiet(void)
{
	static const char *const names[] = {
		"_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE",
		"_ZN4absl29SetMutexDeadlockDetectionModeENS_15OnDeadlockCycleE",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		union {
			void *object;
			void (*set)(int);
		} symbol = { .object = dlsym(RTLD_DEFAULT, names[i]) };

		if (symbol.object) {
			symbol.set(0); /* OnDeadlockCycle::kIgnore */
			return;
		}
	}
}

static void core_setup(void)
{
	gpr_set_log_function(core_log);
	abseil_quiet();
}

void rpc_core_hold(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sigset_t all, before;

	pthread_once(&once, core_setup);
	/* The library's threads inherit this mask: signals stay with main's signal thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	grpc_init();
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void rpc_core_release(void)
{
	grpc_shutdown();
}
