#include "work/thread.h"

#include <signal.h>
#include <string.h>

struct status thread_start(const char *name, void *(*body)(void *), void *arg, pthread_t *out)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(out, NULL, body, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error)
		return status_make(STATUS_RESOURCE_EXHAUSTED, "THREAD_REFUSED", "cannot start thread %s: %s", name,
				   strerror(error));
	pthread_setname_np(*out, name);
	return STATUS_OK_VALUE;
}
