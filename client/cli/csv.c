#include "csv.h"

#include "terminal.h"

#include "base/buffer.h"
#include "base/text.h"

#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* Line ends and tabs are text inside quotes. */
static bool is_kept(const unsigned char *p, unsigned n, uint32_t c)
{
	return n > 0 && (*p == '\t' || *p == '\r' || *p == '\n' || !terminal_is_harmful(c));
}

bool csv_cell(struct buffer *out, const char *text, bool is_first)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	bool is_formula = *text && strchr("=+-@\t\r", *text), is_quoted = strpbrk(text, "\",\r\n") != NULL;

	buffer_text(out, is_first ? "" : ",");
	buffer_text(out, is_quoted ? "\"" : "");
	buffer_text(out, is_formula ? "'" : "");
	while (p < end) {
		uint32_t c = 0;
		unsigned n = utf8_read(p, end, &c);

		if (*p == '"')
			buffer_char(out, '"');
		if (is_kept(p, n, c))
			buffer_append(out, p, n);
		else
			buffer_append(out, replacement, sizeof replacement - 1);
		p += n ? n : 1;
	}
	return buffer_text(out, is_quoted ? "\"" : "") && !out->failed;
}

bool csv_row_end(struct buffer *out)
{
	return buffer_text(out, "\r\n");
}
