#include "extract/charset.h"

#include "base/compiler.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* WHATWG labels in common use. Encodings that carry state or have troubled converters stay off the list, except
 * ISO-2022-JP, which Japanese pages still send. */
static const struct label {
	const char *label;
	enum charset_kind kind;
	const char *name;
} labels[] = {
	{ "utf-8", CHARSET_UTF8, "UTF-8" },
	{ "utf8", CHARSET_UTF8, "UTF-8" },
	{ "unicode-1-1-utf-8", CHARSET_UTF8, "UTF-8" },
	{ "iso-8859-1", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "iso8859-1", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "iso_8859-1", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "latin1", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "l1", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "windows-1252", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "cp1252", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "x-cp1252", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "ascii", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "us-ascii", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "x-user-defined", CHARSET_WINDOWS_1252, "windows-1252" },
	{ "utf-16", CHARSET_ICONV, "UTF-16LE" },
	{ "utf-16le", CHARSET_ICONV, "UTF-16LE" },
	{ "utf-16be", CHARSET_ICONV, "UTF-16BE" },
	{ "iso-8859-2", CHARSET_ICONV, "ISO-8859-2" },
	{ "latin2", CHARSET_ICONV, "ISO-8859-2" },
	{ "iso-8859-3", CHARSET_ICONV, "ISO-8859-3" },
	{ "iso-8859-4", CHARSET_ICONV, "ISO-8859-4" },
	{ "iso-8859-5", CHARSET_ICONV, "ISO-8859-5" },
	{ "iso-8859-6", CHARSET_ICONV, "ISO-8859-6" },
	{ "iso-8859-7", CHARSET_ICONV, "ISO-8859-7" },
	{ "iso-8859-8", CHARSET_ICONV, "ISO-8859-8" },
	{ "iso-8859-9", CHARSET_ICONV, "CP1254" },
	{ "latin5", CHARSET_ICONV, "CP1254" },
	{ "iso-8859-10", CHARSET_ICONV, "ISO-8859-10" },
	{ "iso-8859-13", CHARSET_ICONV, "ISO-8859-13" },
	{ "iso-8859-14", CHARSET_ICONV, "ISO-8859-14" },
	{ "iso-8859-15", CHARSET_ICONV, "ISO-8859-15" },
	{ "latin9", CHARSET_ICONV, "ISO-8859-15" },
	{ "iso-8859-16", CHARSET_ICONV, "ISO-8859-16" },
	{ "windows-1250", CHARSET_ICONV, "CP1250" },
	{ "cp1250", CHARSET_ICONV, "CP1250" },
	{ "windows-1251", CHARSET_ICONV, "CP1251" },
	{ "cp1251", CHARSET_ICONV, "CP1251" },
	{ "windows-1253", CHARSET_ICONV, "CP1253" },
	{ "windows-1254", CHARSET_ICONV, "CP1254" },
	{ "windows-1255", CHARSET_ICONV, "CP1255" },
	{ "windows-1256", CHARSET_ICONV, "CP1256" },
	{ "windows-1257", CHARSET_ICONV, "CP1257" },
	{ "windows-1258", CHARSET_ICONV, "CP1258" },
	{ "windows-874", CHARSET_ICONV, "CP874" },
	{ "tis-620", CHARSET_ICONV, "CP874" },
	{ "koi8-r", CHARSET_ICONV, "KOI8-R" },
	{ "koi8-u", CHARSET_ICONV, "KOI8-U" },
	{ "macintosh", CHARSET_ICONV, "MACINTOSH" },
	{ "ibm866", CHARSET_ICONV, "CP866" },
	{ "cp866", CHARSET_ICONV, "CP866" },
	{ "gb2312", CHARSET_ICONV, "GB18030" },
	{ "gbk", CHARSET_ICONV, "GB18030" },
	{ "x-gbk", CHARSET_ICONV, "GB18030" },
	{ "gb18030", CHARSET_ICONV, "GB18030" },
	{ "big5", CHARSET_ICONV, "BIG5-HKSCS" },
	{ "big5-hkscs", CHARSET_ICONV, "BIG5-HKSCS" },
	{ "shift_jis", CHARSET_ICONV, "CP932" },
	{ "shift-jis", CHARSET_ICONV, "CP932" },
	{ "sjis", CHARSET_ICONV, "CP932" },
	{ "x-sjis", CHARSET_ICONV, "CP932" },
	{ "windows-31j", CHARSET_ICONV, "CP932" },
	{ "euc-jp", CHARSET_ICONV, "EUC-JP" },
	{ "iso-2022-jp", CHARSET_ICONV, "ISO-2022-JP" },
	{ "euc-kr", CHARSET_ICONV, "CP949" },
	{ "ks_c_5601-1987", CHARSET_ICONV, "CP949" },
	{ "windows-949", CHARSET_ICONV, "CP949" },
};

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

struct charset charset_from_label(const char *label, size_t n)
{
	size_t i;

	for (; n > 0 && is_space(*label); label++)
		n--;
	for (; n > 0 && is_space(label[n - 1]);)
		n--;
	for (i = 0; i < ARRAY_LEN(labels); i++)
		if (strlen(labels[i].label) == n && strncasecmp(labels[i].label, label, n) == 0)
			return (struct charset){ labels[i].kind, labels[i].name };
	return (struct charset){ CHARSET_UNKNOWN, "unknown" };
}

/* The value after "charset" [ws] "=" [ws] ["'] in text[0..n); "encoding" works the same way in XML declarations. */
static struct charset label_after(const char *text, size_t n, const char *key)
{
	const size_t key_len = strlen(key);
	size_t i, end;
	char quote = '\0';

	for (i = 0; i + key_len < n; i++) {
		if (strncasecmp(text + i, key, key_len) != 0)
			continue;
		for (end = i + key_len; end < n && is_space(text[end]);)
			end++;
		if (end < n && text[end] == '=')
			break;
	}
	if (i + key_len >= n)
		return (struct charset){ CHARSET_UNKNOWN, "unknown" };
	for (i = end + 1; i < n && is_space(text[i]);)
		i++;
	if (i < n && (text[i] == '"' || text[i] == '\''))
		quote = text[i++];
	for (end = i; end < n; end++)
		if (quote ? text[end] == quote : is_space(text[end]) || strchr(";\"'>/", text[end]) != NULL)
			break;
	/* content="text/html; charset=utf-8": the label ends at the attribute's own quote */
	for (size_t k = i; quote && k < end; k++)
		if (text[k] == ';')
			end = k;
	return charset_from_label(text + i, end - i);
}

/* <meta … charset=…> outside comments. Linear: each byte is looked at a bounded number of times. */
static struct charset meta_prescan(const char *head, size_t n)
{
	size_t i = 0;

	while (i < n) {
		const char *lt = memchr(head + i, '<', n - i);
		const char *end;
		size_t left;

		if (!lt)
			break;
		left = n - (size_t)(lt - head);
		if (left >= 4 && memcmp(lt, "<!--", 4) == 0) {
			end = memmem(lt + 2, left - 2, "-->", 3);
			if (!end)
				break;
			i = (size_t)(end - head) + 3;
			continue;
		}
		end = memchr(lt, '>', left);
		if (!end)
			break;
		if (left > 6 && strncasecmp(lt, "<meta", 5) == 0 && (is_space(lt[5]) || lt[5] == '/')) {
			struct charset found = label_after(lt + 5, (size_t)(end - lt) - 5, "charset");

			if (found.kind != CHARSET_UNKNOWN)
				return found;
		} else if (left > 6 && strncasecmp(lt, "<?xml", 5) == 0) {
			struct charset found = label_after(lt + 5, (size_t)(end - lt) - 5, "encoding");

			if (found.kind != CHARSET_UNKNOWN)
				return found;
		}
		i = (size_t)(end - head) + 1;
	}
	return (struct charset){ CHARSET_UNKNOWN, "unknown" };
}

struct charset charset_detect(const char *content_type, const unsigned char *head, size_t n)
{
	struct charset found = { CHARSET_UNKNOWN, "unknown" };

	if (n >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0)
		return (struct charset){ CHARSET_UTF8, "UTF-8" };
	if (n >= 2 && head[0] == 0xFE && head[1] == 0xFF)
		return (struct charset){ CHARSET_ICONV, "UTF-16BE" };
	if (n >= 2 && head[0] == 0xFF && head[1] == 0xFE)
		return (struct charset){ CHARSET_ICONV, "UTF-16LE" };
	if (content_type)
		found = label_after(content_type, strlen(content_type), "charset");
	if (found.kind != CHARSET_UNKNOWN)
		return found;
	found = meta_prescan((const char *)head, n);
	/* a page whose <meta> could be read byte by byte is not UTF-16 (WHATWG 13.2.3.3) */
	if (found.kind == CHARSET_ICONV && strncmp(found.name, "UTF-16", 6) == 0)
		return (struct charset){ CHARSET_UTF8, "UTF-8" };
	return found;
}
