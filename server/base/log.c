#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX  16384
#define VALUE_BYTES_MAX 2048

static enum log_level least_level = LOG_LEVEL_INFO;
static bool as_json = true;

void log_setup(enum log_level least, bool json)
{
	least_level = least;
	as_json = json;
}

void log_setup_default(void)
{
	log_setup(LOG_LEVEL_INFO, !isatty(STDERR_FILENO));
}

bool log_enabled(enum log_level level)
{
	return level >= least_level;
}

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	return names[level];
}

/* JSON string escaping; ill-formed UTF-8 becomes U+FFFD, so that a hostile name can't break or forge a line. */
static void append_json_text(struct buffer *line, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strnlen(text, VALUE_BYTES_MAX);

	buffer_char(line, '"');
	while (p < end) {
		uint32_t cp;
		unsigned n = utf8_read(p, end, &cp);
		if (n == 0) {
			buffer_text(line, "\\ufffd");
			n = 1;
		} else if (cp == '"' || cp == '\\') {
			buffer_char(line, '\\');
			buffer_char(line, (char)cp);
		} else if (cp < 0x20 || cp == 0x7F || (cp >= 0x80 && cp < 0xA0) || cp == 0x2028 || cp == 0x2029) {
			buffer_printf(line, "\\u%04x", cp);
		} else {
			buffer_append(line, p, n);
		}
		p += n;
	}
	buffer_char(line, '"');
}

static void append_fields(struct buffer *line, const struct log_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].key)
			continue;
		if (as_json) {
			buffer_printf(line, ",\"%s\":", fields[i].key);
		} else {
			buffer_printf(line, " %s=", fields[i].key);
		}
		if (fields[i].text)
			append_json_text(line, fields[i].text);
		else
			buffer_printf(line, "%lld", (long long)fields[i].number);
	}
}

static void write_line(const struct buffer *line)
{
	const char *p = line->data;
	size_t left = line->len;

	while (left) {
		ssize_t n = write(STDERR_FILENO, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nowhere to report that the log is gone */
		p += n;
		left -= (size_t)n;
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t count)
{
	struct buffer line;
	char now[CLOCK_TEXT_SIZE];

	if (!log_enabled(level))
		return;
	clock_to_text(clock_wall_ms(), now);
	buffer_init(&line, LINE_BYTES_MAX);
	if (as_json)
		buffer_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", now, level_name(level),
			      event);
	else
		buffer_printf(&line, "%.12s %-5s %s", now + 11, level_name(level), event);
	append_fields(&line, fields, count);
	if (as_json)
		buffer_char(&line, '}');
	buffer_char(&line, '\n');
	if (line.data)
		write_line(&line);
	buffer_done(&line);
}

void log_failure(const char *event, struct status st, const struct log_field *fields, size_t count)
{
	struct log_field all[24];
	size_t n = 0;

	all[n++] = LOG_STR("code", status_code_name(st.code));
	all[n++] = LOG_STR("reason", st.reason);
	all[n++] = LOG_STR("detail", st.detail);
	for (size_t i = 0; i < count && n < ARRAY_LEN(all); i++)
		all[n++] = fields[i];
	log_write(LOG_LEVEL_ERROR, event, all, n);
}
