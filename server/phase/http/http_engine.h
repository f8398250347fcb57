/* phase/http/http_engine.h: the limits of every engine that fetches for this installation, the phase's and the probes'.
 * Pure. */
#ifndef PHASE_HTTP_ENGINE_H
#define PHASE_HTTP_ENGINE_H

#include "net/http_client.h"

struct address_guard;
struct settings;

/* Texts and the guard are borrowed and outlive the engine. */
struct http_client_settings http_engine_settings(const struct settings *settings, int64_t in_flight_max,
						 const struct address_guard *guard);

#endif
