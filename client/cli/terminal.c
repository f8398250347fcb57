#include "terminal.h"

#include "base/buffer.h"
#include "base/text.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define COLUMNS_DEFAULT 80
#define REPLACEMENT     0xFFFD

bool terminal_start(void)
{
	bool is_utf8;

	setlocale(LC_CTYPE, "");
	is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (!is_utf8)
		setlocale(LC_CTYPE, "C.UTF-8");
	return is_utf8;
}

unsigned terminal_columns(FILE *stream)
{
	const char *term = getenv("TERM");
	struct winsize size;

	if (!isatty(fileno(stream)) || !term || strcmp(term, "dumb") == 0)
		return 0;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

bool terminal_is_harmful(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1F },     { 0x7F, 0x9F },     /* controls */
		{ 0x061C, 0x061C }, { 0x200E, 0x200F }, /* direction marks */
		{ 0x2028, 0x202E },                     /* separators, embeddings, overrides */
		{ 0x2066, 0x2069 },                     /* isolates */
		{ 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFB }, /* byte order mark, interlinear notes */
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* The next character as it is shown; moves *p behind it. */
static uint32_t shown(const unsigned char **p, const unsigned char *end)
{
	uint32_t c = 0;
	unsigned n = utf8_read(*p, end, &c);

	*p += n ? n : 1;
	if (!n)
		return REPLACEMENT;
	if (c == '\t' || c == '\n' || c == '\r')
		return ' ';
	return terminal_is_harmful(c) ? REPLACEMENT : c;
}

static unsigned columns_of(uint32_t c)
{
	int n = wcwidth((wchar_t)c);

	return n >= 0 ? (unsigned)n : 1;
}

static bool put(struct buffer *out, uint32_t c)
{
	char bytes[4];

	return buffer_append(out, bytes, utf8_write(c, bytes));
}

bool terminal_text(struct buffer *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);

	while (p < end)
		put(out, shown(&p, end));
	return !out->failed;
}

unsigned terminal_width(const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	unsigned width = 0;

	while (p < end)
		width += columns_of(shown(&p, end));
	return width;
}

bool terminal_cell(struct buffer *out, const char *text, unsigned columns, bool pad)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	unsigned used = 0, room = columns;
	bool is_cut = terminal_width(text) > columns;

	if (is_cut && columns > 0)
		room = columns - 1;
	while (p < end) {
		uint32_t c = shown(&p, end);

		if (used + columns_of(c) > room)
			break;
		used += columns_of(c);
		put(out, c);
	}
	if (is_cut && columns > 0) {
		put(out, 0x2026);
		used++;
	}
	for (; pad && used < columns; used++)
		buffer_char(out, ' ');
	return !out->failed;
}
