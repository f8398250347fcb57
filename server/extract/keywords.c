#include "extract/keywords.h"

#include "base/arena.h"
#include "base/text.h"
#include "extract/fold.h"

#include <math.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct keyword_tally keyword_tally_make(const struct uuid *id, enum keyword_source source)
{
	return (struct keyword_tally){ .id = *id, .source = source, .first_position = -1 };
}

void keyword_tally_add(struct keyword_tally *tally, const struct keyword_hit *hit)
{
	bool is_first = tally->occurrences == 0;

	tally->occurrences++;
	tally->by_signal[hit->signal]++;
	tally->base_weight += hit->base_weight;
	tally->weight += hit->value_score > 0 ? hit->base_weight * hit->value_score : hit->base_weight;
	if (hit->value_score > 0)
		tally->value_score += hit->value_score;
	if (hit->position >= 0 && (tally->first_position < 0 || hit->position < tally->first_position)) {
		tally->first_position = hit->position;
		tally->surface = hit->surface;
	} else if (is_first) {
		tally->surface = hit->surface;
	}
	if (hit->context.text && tally->context_count < KEYWORD_CONTEXTS_MAX)
		tally->contexts[tally->context_count++] = hit->context;
}

static int id_compare(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static bool ranks_before(const struct keyword_tally *a, const struct keyword_top *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return id_compare(&a->id, &b->tally->id) < 0;
}

static void top_offer(struct keyword_summary *summary, const struct keyword_tally *tally)
{
	unsigned at = summary->top_count, i;

	while (at > 0 && ranks_before(tally, &summary->top[at - 1]))
		at--;
	if (at == ARRAY_LEN(summary->top))
		return;
	if (summary->top_count < ARRAY_LEN(summary->top))
		summary->top_count++;
	for (i = summary->top_count - 1; i > at; i--)
		summary->top[i] = summary->top[i - 1];
	summary->top[at] = (struct keyword_top){ tally, tally->weight };
}

void keyword_summarize(const struct keyword_tally *tallies, size_t n, struct keyword_summary *out)
{
	size_t i;
	int s;

	*out = (struct keyword_summary){ 0 };
	for (i = 0; i < n; i++) {
		const struct keyword_tally *t = &tallies[i];

		if (t->occurrences == 0)
			continue;
		out->unique_count++;
		out->total_occurrences += t->occurrences;
		out->weight_sum += t->weight;
		for (s = 0; s < SIGNAL_COUNT; s++)
			out->by_signal[s] += t->by_signal[s];
		if (t->source == KEYWORD_AD_HOC)
			out->ad_hoc += t->occurrences;
		else
			out->from_sets += t->occurrences;
		top_offer(out, t);
	}
	out->title_has_keyword = out->by_signal[SIGNAL_TITLE] > 0;
}

/* --- rows ---------------------------------------------------------------------------------------------------- */

struct ranked {
	struct keyword_row row;
	double importance;
};

static int by_importance(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->importance != b->importance)
		return a->importance > b->importance ? -1 : 1;
	return id_compare(&a->row.keyword_id, &b->row.keyword_id);
}

static int by_id(const void *left, const void *right)
{
	const struct keyword_row *a = left, *b = right;

	return id_compare(&a->keyword_id, &b->keyword_id);
}

static bool is_top(const struct keyword_summary *summary, const struct uuid *id)
{
	unsigned i;

	for (i = 0; i < summary->top_count; i++)
		if (uuid_equal(&summary->top[i].tally->id, id))
			return true;
	return false;
}

static struct keyword_row row_of(const struct keyword_tally *t)
{
	struct keyword_row row = {
		.keyword_id = t->id,
		.occurrences = t->occurrences,
		.base_weight = t->base_weight,
		.value_score = t->value_score,
		.effective_weight = t->base_weight,
		.first_seen_position = t->first_position,
		.is_primary = t->occurrences > t->by_signal[SIGNAL_MICROCRAWL],
	};
	int s = 0;

	while (s < SIGNAL_COUNT - 1 && t->by_signal[s] == 0)
		s++;
	row.signal = (enum signal)s;
	if (t->value_score > 0)
		row.effective_weight *= 1 + t->value_score / t->occurrences;
	return row;
}

struct status keyword_rows(const struct keyword_tally *tallies, size_t n, const struct keyword_summary *summary,
			   const double signal_weights[SIGNAL_COUNT], size_t rows_max, struct arena *arena,
			   struct keyword_row **out_rows, size_t *out_count)
{
	struct ranked *ranked = arena_array(arena, n > 0 ? n : 1, sizeof(*ranked));
	struct keyword_row *rows;
	size_t count = 0, kept, i;

	if (!ranked)
		return status_out_of_memory();
	for (i = 0; i < n; i++) {
		const struct keyword_tally *t = &tallies[i];
		struct ranked *r = &ranked[count];

		if (t->occurrences == 0)
			continue;
		r->row = row_of(t);
		r->row.surface_form = text_clean(arena, t->surface.text ? t->surface.text : "", t->surface.len,
						 KEYWORD_SURFACE_BYTES);
		if (!r->row.surface_form)
			return status_out_of_memory();
		r->importance = r->row.effective_weight * log(1 + (double)t->occurrences) *
				((r->row.signal == SIGNAL_DERIVED ? 1 : signal_weights[r->row.signal]) / 10) *
				(is_top(summary, &t->id) ? 1.25 : 1);
		count++;
	}
	kept = count < rows_max ? count : rows_max;
	if (kept < count)
		qsort(ranked, count, sizeof(*ranked), by_importance);
	rows = arena_array(arena, kept > 0 ? kept : 1, sizeof(*rows));
	if (!rows)
		return status_out_of_memory();
	for (i = 0; i < kept; i++)
		rows[i] = ranked[i].row;
	qsort(rows, kept, sizeof(*rows), by_id);
	*out_rows = rows;
	*out_count = kept;
	return STATUS_OK_VALUE;
}

/* --- ranking and ids ----------------------------------------------------------------------------------------- */

static int by_count(const void *left, const void *right)
{
	const struct keyword_count *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->text, b->text);
}

size_t keyword_rank(struct keyword_count *counts, size_t n, size_t limit)
{
	size_t kept = 0, i;

	for (i = 0; i < n; i++)
		if (counts[i].count > 0 && counts[i].text[0] != '\0')
			counts[kept++] = counts[i];
	qsort(counts, kept, sizeof(*counts), by_count);
	return kept < limit ? kept : limit;
}

bool keyword_ad_hoc_id(const char *keyword, struct uuid *out)
{
	static const char prefix[] = "adhoc:";
	const size_t prefix_len = sizeof(prefix) - 1, n = strlen(keyword);
	unsigned char digest[SHA256_DIGEST_LENGTH];
	char *text = malloc(prefix_len + n + 1);
	size_t folded = 0;

	if (!text)
		return false;
	memcpy(text, prefix, prefix_len);
	if (!fold_text(keyword, n, text + prefix_len, &folded, NULL)) {
		free(text);
		return false;
	}
	SHA256((const unsigned char *)text, prefix_len + folded, digest);
	free(text);
	*out = uuid_from_bytes(digest);
	return true;
}
