#include "phase/http/http_engine.h"

#include "config/settings.h"

struct http_client_settings http_engine_settings(const struct settings *settings, int64_t in_flight_max,
						 const struct address_guard *guard)
{
	return (struct http_client_settings){
		.in_flight_max = (unsigned)in_flight_max,
		.per_address_max = (unsigned)settings->http_per_address_max,
		.http_port = (uint16_t)settings->http_target_port,
		.https_port = (uint16_t)settings->https_target_port,
		.body_bytes_max = settings->http_body_bytes_max,
		.wire_bytes_max = settings->http_wire_bytes_max,
		.header_bytes_max = settings->http_header_bytes_max,
		.redirects_max = (unsigned)settings->http_redirects_max,
		.ca_file = settings->http_ca_file,
		.guard = guard,
	};
}
