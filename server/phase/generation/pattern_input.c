#include "phase/generation/pattern_input.h"

#include "base/arena.h"
#include "base/json_fields.h"
#include "base/text.h"

#include <string.h>

void pattern_input_read(struct json_fields *f, const struct pattern_names *names, struct pattern_input *out)
{
	struct pattern_input input = { .prefix_length = -1, .suffix_length = -1, .variable_length = -1 };

	json_get_text(f, names->type, 32, &input.type);
	json_get_text(f, names->constant, 256, &input.constant);
	json_get_int(f, names->prefix_length, 0, PATTERN_VARIABLE_MAX, &input.prefix_length);
	json_get_int(f, names->suffix_length, 0, PATTERN_VARIABLE_MAX, &input.suffix_length);
	json_get_int(f, "variableLength", 0, PATTERN_VARIABLE_MAX, &input.variable_length);
	json_get_text(f, names->charset, 256, &input.charset);
	json_get_texts(f, names->tlds, PATTERN_TLDS_MAX, PATTERN_NAME_MAX, &input.tlds, &input.tld_count);
	*out = input;
}

void pattern_input_default(struct pattern_input *input, const struct pattern *defaults)
{
	if (!input->type)
		input->type = pattern_type_to_text(defaults->type);
	if (!input->constant)
		input->constant = defaults->constant;
	if (!input->charset && defaults->charset_size > 0)
		input->charset = defaults->charset;
	if (input->prefix_length < 0 && input->suffix_length < 0 && input->variable_length < 0) {
		input->prefix_length = defaults->prefix_length;
		input->suffix_length = defaults->suffix_length;
	}
	if (!input->tlds) {
		input->tlds = defaults->tlds;
		input->tld_count = defaults->tld_count;
	}
}

/* `variable` stands for whichever lengths are given. */
static bool resolve_type(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			 enum pattern_type *out)
{
	static const char ending[] = "_variable";
	char *word;
	size_t n;

	if (!input->type) {
		json_required(f, names->type);
		return false;
	}
	word = text_trim(f->in->arena, input->type);
	if (!word) {
		f->in->failure = status_out_of_memory();
		return false;
	}
	text_lower(word);
	n = strlen(word);
	if (n > strlen(ending) && strcmp(word + n - strlen(ending), ending) == 0)
		word[n - strlen(ending)] = '\0';
	if (strcmp(word, "variable") == 0 && strlen(word) == n) {
		if (input->suffix_length > 0)
			*out = input->prefix_length > 0 ? PATTERN_BOTH : PATTERN_SUFFIX;
		else
			*out = PATTERN_PREFIX;
		return true;
	}
	if (pattern_type_from_text(word, out) && (*out != PATTERN_CONSTANT || strlen(word) == n))
		return true;
	json_violation(f, names->type, "must be constant, variable, prefix, suffix or both");
	return false;
}

/* The length the type needs: as given, else from variableLength; 0 and a violation when there is none. */
static int64_t need_length(struct json_fields *f, const char *name, int64_t given, int64_t fallback)
{
	if (given < 0)
		given = fallback;
	if (given < 0)
		json_required(f, name);
	else if (given == 0)
		json_violation(f, name, "must be more than 0 for this type");
	return given < 0 ? 0 : given;
}

static void resolve_lengths(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			    struct pattern_parts *parts)
{
	int64_t n = input->variable_length;
	int64_t prefix = n, suffix = n;

	if (parts->type == PATTERN_BOTH && n >= 0) {
		prefix = (n + 1) / 2;
		suffix = n / 2;
	}
	if (parts->type == PATTERN_PREFIX || parts->type == PATTERN_BOTH)
		parts->prefix_length = need_length(f, names->prefix_length, input->prefix_length, prefix);
	if (parts->type == PATTERN_SUFFIX || parts->type == PATTERN_BOTH)
		parts->suffix_length = need_length(f, names->suffix_length, input->suffix_length, suffix);
}

static bool only_host_characters(const char *text)
{
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void resolve_constant(struct json_fields *f, const struct pattern_names *names,
			     const struct pattern_input *input, struct pattern_parts *parts)
{
	char *constant = text_trim(f->in->arena, input->constant ? input->constant : "");

	if (!constant)
		return;
	text_lower(constant);
	parts->constant = constant;
	if (!only_host_characters(constant))
		json_violation(f, names->constant, "may only have the characters a-z, 0-9 and -");
	else if (strlen(constant) > PATTERN_LABEL_MAX)
		json_violation(f, names->constant, "must have at most %d characters", PATTERN_LABEL_MAX);
	else if (parts->type == PATTERN_CONSTANT && !*constant)
		json_required(f, names->constant);
}

static void resolve_charset(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			    struct pattern_parts *parts)
{
	char *charset;

	parts->charset = "";
	if (parts->type == PATTERN_CONSTANT)
		return;
	charset = arena_strdup(f->in->arena, input->charset ? input->charset : PATTERN_CHARSET_DEFAULT);
	if (!charset)
		return;
	text_lower(charset);
	parts->charset = charset;
	if (!*charset || strlen(charset) > 128)
		json_violation(f, names->charset, "must have 1 to 128 characters");
	else if (!only_host_characters(charset))
		json_violation(f, names->charset, "may only have the characters a-z, 0-9 and -");
}

static bool is_letters(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < 'a' || text[i] > 'z')
			return false;
	return true;
}

/* ^(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$, last label [a-z]{2,63} or xn--… */
static bool is_tld(const char *tld)
{
	const char *label = tld + 1;

	if (strlen(tld) > PATTERN_NAME_MAX - 1)
		return false;
	for (;;) {
		size_t n = strcspn(label, ".");
		if (n == 0 || n > PATTERN_LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
			return false;
		for (size_t i = 0; i < n; i++)
			if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", label[i]))
				return false;
		if (label[n] == '\0')
			return (n >= 2 && is_letters(label, n)) || (n > 4 && strncmp(label, "xn--", 4) == 0);
		label += n + 1;
	}
}

static void resolve_tlds(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			 struct pattern_parts *parts)
{
	static const char *const usual[] = { ".com" };
	const char *const *given = input->tlds ? input->tlds : usual;
	size_t count = input->tlds ? input->tld_count : 1;
	const char **tlds = arena_array(f->in->arena, count + 1, sizeof *tlds);

	if (!tlds)
		return;
	if (count == 0)
		json_violation(f, names->tlds, "must have at least one TLD");
	for (size_t i = 0; i < count; i++) {
		char *tld = text_trim(f->in->arena, given[i]);
		if (tld && tld[0] != '.')
			tld = arena_printf(f->in->arena, ".%s", tld);
		if (!tld)
			return;
		text_lower(tld);
		tlds[i] = tld;
		if (!is_tld(tld) && input->tld_name)
			json_violation(f, input->tld_name, "'%s' is not a top-level domain", tld);
		else if (!is_tld(tld))
			violations_add(f->in->violations, json_element_path(f, names->tlds, i), "VALIDATION_ERROR",
				       "is not a top-level domain");
	}
	parts->tlds = tlds;
	parts->tld_count = count;
}

bool pattern_input_resolve(struct json_fields *f, const struct pattern_names *names, const struct pattern_input *input,
			   struct pattern *out)
{
	unsigned before = f->in->violations->count;
	struct pattern_parts parts = { .type = PATTERN_PREFIX };
	bool has_type = resolve_type(f, names, input, &parts.type);
	struct status st;

	resolve_constant(f, names, input, &parts);
	resolve_charset(f, names, input, &parts);
	resolve_tlds(f, names, input, &parts);
	if (has_type)
		resolve_lengths(f, names, input, &parts);
	if (f->in->violations->count != before || !status_ok(f->in->failure))
		return false;
	if (!parts.constant || !parts.charset || !parts.tlds) {
		f->in->failure = status_out_of_memory();
		return false;
	}
	st = pattern_make(f->in->arena, &parts, out);
	if (st.code == STATUS_INVALID_ARGUMENT) /* what no single field shows: the lengths together */
		json_violation(f,
			       parts.type == PATTERN_CONSTANT ? names->constant
			       : parts.prefix_length > 0      ? names->prefix_length
							      : names->suffix_length,
			       "%s", st.detail);
	else if (!status_ok(st))
		f->in->failure = st;
	return status_ok(st);
}
