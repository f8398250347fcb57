/* work/thread.h: named threads with all signals blocked, so that signals land in main's signal thread. */
#ifndef WORK_THREAD_H
#define WORK_THREAD_H

#include "base/status.h"

#include <pthread.h>

/* name: at most 15 characters, seen in top -H. The caller joins *out. RESOURCE_EXHAUSTED when the kernel refuses. */
struct status thread_start(const char *name, void *(*body)(void *), void *arg, pthread_t *out) MUST_CHECK;

#endif
