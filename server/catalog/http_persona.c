#include "catalog/http_persona.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "base/text.h"
#include "catalog/details.h"

#include <string.h>

enum { USER_AGENT_BYTES_MAX = 512, HEADER_VALUE_BYTES_MAX = 4096 };

static const char *const tls_words[] = {
	[HTTP_TLS_DEFAULT] = "", [HTTP_TLS_10] = "TLS10", [HTTP_TLS_11] = "TLS11",
	[HTTP_TLS_12] = "TLS12", [HTTP_TLS_13] = "TLS13",
};

/* RFC 9110 §5.5: what may stand in a field value, obsolete bytes included. */
static bool is_field_value(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 && *text != '\t')
			return false;
	return true;
}

/* RFC 9110 §5.6.2. */
static bool is_token(const char *text)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", *c))
			return false;
	return *text != '\0';
}

/* Fields that belong to the connection or to another setting. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "Host",
					    "Connection",
					    "Content-Length",
					    "Transfer-Encoding",
					    "Upgrade",
					    "TE",
					    "Trailer",
					    "Keep-Alive",
					    "Expect",
					    "User-Agent",
					    "Accept-Encoding",
					    "Cookie",
					    "Proxy-Authorization",
					    "Proxy-Connection" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (text_equal_fold(name, ours[i]))
			return true;
	return false;
}

static void read_user_agent(struct json_fields *f, struct http_persona *p)
{
	const char *text = NULL;

	if (!json_has(f, "userAgent")) {
		json_required(f, "userAgent");
	} else if (json_get_text(f, "userAgent", USER_AGENT_BYTES_MAX, &text)) {
		p->user_agent = text_trim(f->in->arena, text);
		if (!p->user_agent)
			f->in->failure = status_out_of_memory();
		else if (!*p->user_agent)
			json_required(f, "userAgent");
		else if (!is_field_value(p->user_agent))
			json_violation(f, "userAgent", "must not have control characters");
	}
}

static void read_headers(struct json_fields *f, struct http_persona *p)
{
	const json_t *object = NULL;
	struct http_header *headers;
	struct json_fields inner;

	if (!json_get_object(f, "headers", &object))
		return;
	if (json_object_size(object) > HTTP_POLICY_HEADERS_MAX) {
		json_violation(f, "headers", "must have at most %d members", HTTP_POLICY_HEADERS_MAX);
		return;
	}
	headers = arena_array(f->in->arena, json_object_size(object) + 1, sizeof *headers);
	if (!headers) {
		f->in->failure = status_out_of_memory();
		return;
	}
	json_fields_open(&inner, f->in, object, json_field_path(f, "headers"));
	for (void *at = json_object_iter((json_t *)(uintptr_t)object); at;
	     at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const char *name = json_object_iter_key(at);
		const char *value = NULL;
		inner.known_count = 0; /* any number of keys; we walk them ourselves */
		if (!is_token(name))
			json_violation(&inner, name, "is not the name of a header");
		else if (is_ours(name))
			json_violation(&inner, name, "can't be set as a header");
		else if (json_get_text(&inner, name, HEADER_VALUE_BYTES_MAX, &value)) {
			if (!is_field_value(value))
				json_violation(&inner, name, "must not have control characters");
			headers[p->header_count].name = arena_strdup(f->in->arena, name);
			if (!headers[p->header_count].name)
				f->in->failure = status_out_of_memory();
			headers[p->header_count++].value = value;
		}
	}
	p->headers = headers;
}

static void read_header_order(struct json_fields *f, struct http_persona *p)
{
	if (!json_get_texts(f, "headerOrder", HTTP_POLICY_HEADERS_MAX, 256, &p->header_order, &p->header_order_count))
		return;
	for (size_t i = 0; i < p->header_order_count; i++)
		if (!is_token(p->header_order[i]))
			violations_add(f->in->violations, json_element_path(f, "headerOrder", i), "VALIDATION_ERROR",
				       "is not the name of a header");
}

static void read_tls_version(struct json_fields *f, const char *name, enum http_tls *out)
{
	const char *word = NULL;

	if (!json_get_text(f, name, 16, &word))
		return;
	for (unsigned i = HTTP_TLS_10; i <= HTTP_TLS_13; i++) {
		if (strcmp(word, tls_words[i]) == 0) {
			*out = (enum http_tls)i;
			return;
		}
	}
	json_violation(f, name, "must be TLS10, TLS11, TLS12 or TLS13");
}

static void read_tls(struct json_fields *f, struct http_persona *p)
{
	static const char refusal[] = "is not available: only minVersion and maxVersion can be set";
	const json_t *object = NULL;
	struct json_fields inner;

	if (!json_get_object(f, "tlsClientHello", &object))
		return;
	json_fields_open(&inner, f->in, object, json_field_path(f, "tlsClientHello"));
	read_tls_version(&inner, "minVersion", &p->tls_min);
	read_tls_version(&inner, "maxVersion", &p->tls_max);
	if (p->tls_min > p->tls_max)
		json_violation(&inner, "minVersion", "must not be above maxVersion");
	json_refuse(&inner, "cipherSuites", refusal);
	json_refuse(&inner, "curvePreferences", refusal);
	json_fields_close(&inner);
}

static void read_http2(struct json_fields *f)
{
	const json_t *object = NULL;
	struct json_fields inner;
	bool enabled = false;

	if (!json_get_object(f, "http2Settings", &object))
		return;
	json_fields_open(&inner, f->in, object, json_field_path(f, "http2Settings"));
	if (json_get_bool(&inner, "enabled", &enabled) && enabled)
		json_violation(&inner, "enabled", "HTTP/2 is not available");
	json_fields_close(&inner);
}

static void read_cookies(struct json_fields *f, struct http_persona *p)
{
	const json_t *object = NULL;
	const char *mode = "ignore";
	struct json_fields inner;

	if (!json_get_object(f, "cookieHandling", &object))
		return;
	json_fields_open(&inner, f->in, object, json_field_path(f, "cookieHandling"));
	json_get_text(&inner, "mode", 16, &mode);
	if (strcmp(mode, "preserve") == 0)
		p->preserve_cookies = true;
	else if (strcmp(mode, "ignore") != 0)
		json_violation(&inner, "mode", "must be preserve or ignore");
	json_fields_close(&inner);
}

static void read_statuses(struct json_fields *f, struct http_persona *p)
{
	const json_t *array = NULL;
	uint16_t *statuses;

	if (!json_get_array(f, "allowedStatusCodes", HTTP_POLICY_STATUSES_MAX, &array))
		return;
	statuses = arena_array(f->in->arena, json_array_size(array) + 1, sizeof *statuses);
	if (!statuses) {
		f->in->failure = status_out_of_memory();
		return;
	}
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *value = json_array_get(array, i);
		const char *path = json_element_path(f, "allowedStatusCodes", i);
		if (!json_is_integer(value)) {
			if (status_ok(f->in->failure))
				f->in->failure = status_make(STATUS_INVALID_ARGUMENT, "BAD_REQUEST",
							     "%s must be an integer", path);
		} else if (json_integer_value(value) < 100 || json_integer_value(value) > 599) {
			violations_add(f->in->violations, path, "VALIDATION_ERROR", "must be between 100 and 599");
		} else {
			statuses[p->allowed_status_count++] = (uint16_t)json_integer_value(value);
		}
	}
	p->allowed_statuses = statuses;
}

static void read_pace(struct json_fields *f, struct http_persona *p)
{
	int64_t timeout_s = 0, fetches = 10;

	json_get_int(f, "requestTimeoutSeconds", 0, 120, &timeout_s);
	json_get_int(f, "maxConcurrentFetches", 1, 1000, &fetches);
	json_get_int(f, "hostDelayMs", 0, 60000, &p->host_delay_ms);
	p->timeout_ms = timeout_s > 0 ? timeout_s * 1000 : HTTP_TIMEOUT_MS;
	p->fetches_max = (unsigned)fetches;
	details_read_rate(f, 5, 3, &p->rate_per_s, &p->rate_burst);
}

struct status http_persona_read(const json_t *object, const char *path, struct arena *arena,
				struct violations *violations, struct http_persona *out)
{
	struct http_persona persona = { .tls_min = HTTP_TLS_12,
					.tls_max = HTTP_TLS_13,
					.follow_redirects = true,
					.respect_robots = true,
					.host_delay_ms = 100,
					.user_agent = "",
					.notes = "" };
	struct json_input in;
	struct json_fields f;

	json_input_init(&in, arena, violations);
	json_fields_open(&f, &in, object, path);
	details_read_type(&f, PERSONA_TYPE_HTTP);
	read_user_agent(&f, &persona);
	read_headers(&f, &persona);
	read_header_order(&f, &persona);
	read_tls(&f, &persona);
	read_http2(&f);
	read_cookies(&f, &persona);
	read_statuses(&f, &persona);
	read_pace(&f, &persona);
	json_get_bool(&f, "followRedirects", &persona.follow_redirects);
	json_get_bool(&f, "respectRobots", &persona.respect_robots);
	json_get_text(&f, "notes", 4 * CHECK_DESCRIPTION_CHARS, &persona.notes);
	json_fields_close(&f);
	TRY(in.failure);
	*out = persona;
	return STATUS_OK_VALUE;
}

struct status http_persona_parse(const char *json, struct arena *arena, struct http_persona *out)
{
	AUTO(json) json_t *object = NULL;
	struct violations violations;

	violations_init(&violations, arena);
	TRY(details_load(json, &object));
	TRY(http_persona_read(object, "configDetails", arena, &violations, out));
	return violations_status(&violations);
}

static json_t *headers_of(const struct http_persona *p)
{
	json_t *headers = json_object();

	for (size_t i = 0; i < p->header_count; i++)
		json_object_set_new(headers, p->headers[i].name, json_string(p->headers[i].value));
	return headers;
}

static json_t *header_order_of(const struct http_persona *p)
{
	json_t *order = json_array();

	for (size_t i = 0; i < p->header_order_count; i++)
		json_array_append_new(order, json_string(p->header_order[i]));
	return order;
}

static json_t *statuses_of(const struct http_persona *p)
{
	json_t *statuses = json_array();

	for (size_t i = 0; i < p->allowed_status_count; i++)
		json_array_append_new(statuses, json_integer(p->allowed_statuses[i]));
	return statuses;
}

char *http_persona_write(const struct http_persona *p, struct arena *arena)
{
	AUTO(json)
	json_t *object = json_pack(
		"{s:s, s:s, s:o, s:o, s:{s:s, s:s}, s:{s:b}, s:{s:s}, s:I, s:b, s:b, s:o, s:I, s:i, s:o, s:o, s:s}",
		"personaType", "http", "userAgent", p->user_agent, "headers", headers_of(p), "headerOrder",
		header_order_of(p), "tlsClientHello", "minVersion", tls_words[p->tls_min], "maxVersion",
		tls_words[p->tls_max], "http2Settings", "enabled", 0, "cookieHandling", "mode",
		p->preserve_cookies ? "preserve" : "ignore", "requestTimeoutSeconds",
		(json_int_t)(p->timeout_ms / 1000), "followRedirects", (int)p->follow_redirects, "respectRobots",
		(int)p->respect_robots, "allowedStatusCodes", statuses_of(p), "hostDelayMs",
		(json_int_t)p->host_delay_ms, "maxConcurrentFetches", (int)p->fetches_max, "rateLimitDps",
		details_number(p->rate_per_s), "rateLimitBurst", details_number(p->rate_burst), "notes", p->notes);

	return object ? json_to_arena(arena, object) : NULL;
}
