#include "extract/sniff.h"

#include "base/compiler.h"

#include <string.h>
#include <strings.h>

#define SNIFF_BYTES 512

static bool type_is(const char *type, const char *prefix)
{
	return strncasecmp(type, prefix, strlen(prefix)) == 0;
}

static bool has_binary_signature(const unsigned char *head, size_t n)
{
	static const struct {
		const char *bytes;
		size_t len;
	} signatures[] = {
		{ "\x89PNG\r\n", 6 },
		{ "GIF8", 4 },
		{ "\xFF\xD8\xFF", 3 },
		{ "%PDF-", 5 },
		{ "PK\x03\x04", 4 },
		{ "\x1F\x8B", 2 },
		{ "RIFF", 4 },
		{ "\x7F"
		  "ELF",
		  4 },
		{ "OggS", 4 },
		{ "ID3", 3 },
		{ "Rar!", 4 },
		{ "7z\xBC\xAF", 4 },
		{ "wOFF", 4 },
		{ "wOF2", 4 },
		{ "\xFD"
		  "7zXZ",
		  5 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(signatures); i++)
		if (n >= signatures[i].len && memcmp(head, signatures[i].bytes, signatures[i].len) == 0)
			return true;
	return false;
}

/* Bytes no text contains (MIME Sniffing §7.2: binary data byte). */
static bool has_binary_byte(const unsigned char *head, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (head[i] <= 0x08 || head[i] == 0x0B || (head[i] >= 0x0E && head[i] <= 0x1A) ||
		    (head[i] >= 0x1C && head[i] <= 0x1F))
			return true;
	return false;
}

bool sniff_is_text(const char *content_type, const unsigned char *head, size_t n, bool is_wide, bool *out_is_html)
{
	bool is_html = true;

	if (n > SNIFF_BYTES)
		n = SNIFF_BYTES;
	*out_is_html = false;
	if (has_binary_signature(head, n))
		return false;
	if (!content_type) {
		*out_is_html = is_wide || !has_binary_byte(head, n);
		return *out_is_html;
	}
	is_html = type_is(content_type, "text/html") || type_is(content_type, "application/xhtml") ||
		  type_is(content_type, "text/xml") || type_is(content_type, "application/xml");
	*out_is_html = is_html;
	return is_html || (type_is(content_type, "text/") && !type_is(content_type, "text/css") &&
			   !type_is(content_type, "text/javascript") && !type_is(content_type, "text/csv"));
}
