#include "watch_view.h"

#include "pb_value.h"
#include "terminal.h"

#include "base/buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BAR_CELLS_MAX  30
#define BAR_CELLS_MIN  8
#define NAME_COLUMNS   13 /* in front of the bar */
#define FIXED_COLUMNS  70 /* what a phase's line needs besides its bar */
#define NARROW_COLUMNS 40 /* below it there is no bar */
#define PARTS_PER_CELL 8

void duration_text(int64_t seconds, char out[16])
{
	if (seconds < 60)
		snprintf(out, 16, "%ds", (int)seconds);
	else if (seconds < 3600)
		snprintf(out, 16, "%dm%02ds", (int)(seconds / 60), (int)(seconds % 60));
	else
		snprintf(out, 16, "%dh%02dm", (int)(seconds / 3600 % 10000), (int)(seconds / 60 % 60));
}

static const char *phase_color(Domainflow__V2__PhaseStatus status)
{
	if (status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_COMPLETED)
		return "\033[32m";
	if (status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_FAILED)
		return "\033[31m";
	if (status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_PAUSED)
		return "\033[33m";
	return "\033[36m";
}

/* Block elements U+2588 (full) to U+258F (one eighth), or '#' and '-'. */
static void bar(struct buffer *out, double percent, unsigned cells, bool is_utf8)
{
	unsigned parts = (unsigned)(percent / 100 * cells * PARTS_PER_CELL + 0.001), rest;

	if (parts > cells * PARTS_PER_CELL)
		parts = cells * PARTS_PER_CELL;
	rest = parts % PARTS_PER_CELL;
	for (unsigned i = 0; i < cells; i++) {
		bool is_full = i < parts / PARTS_PER_CELL, is_part = i == parts / PARTS_PER_CELL && rest > 0;

		if (!is_utf8)
			buffer_char(out, is_full ? '#' : '-');
		else if (is_full)
			buffer_text(out, "\u2588");
		else if (is_part)
			buffer_printf(out, "\xE2\x96%c", (char)(0x88 + PARTS_PER_CELL - rest));
		else
			buffer_text(out, "\u00b7");
	}
}

static void phase_tail(struct buffer *out, const struct watch_phase *p, const struct watch_style *style)
{
	char word[PB_ENUM_TEXT_SIZE], time[16];
	double rate = watch_rate(p, style->now_ms);
	int64_t eta = watch_eta_s(p, rate);

	pb_enum_text(&domainflow__v2__phase_status__descriptor, (int)p->status, word);
	if (p->total > 0 || p->done > 0)
		buffer_printf(out, " %" PRId32 "/%" PRId32, p->done, p->total);
	if (p->status == DOMAINFLOW__V2__PHASE_STATUS__PHASE_STATUS_IN_PROGRESS) {
		if (rate > 0)
			buffer_printf(out, "  %.*f/s", rate < 10 ? 1 : 0, rate);
		if (eta >= 0) {
			duration_text(eta, time);
			buffer_printf(out, "  ETA %s", time);
		}
	} else {
		buffer_printf(out, "  %s", word);
		if (p->started_ms > 0 && p->ended_ms >= p->started_ms) {
			duration_text((p->ended_ms - p->started_ms) / 1000, time);
			buffer_printf(out, " in %s", p->ended_ms - p->started_ms < 1000 ? "<1s" : time);
		}
	}
	if (p->run > 1)
		buffer_printf(out, "  run %" PRId32, p->run);
	if (p->done > 0)
		buffer_printf(out, "  ok %" PRId32 "  failed %" PRId32, p->ok, p->failed);
}

static void phase_line(struct buffer *out, const struct watch *w, unsigned i, const struct watch_style *style)
{
	const struct watch_phase *p = &w->phases[i];
	unsigned cells = style->columns > FIXED_COLUMNS + BAR_CELLS_MAX ? BAR_CELLS_MAX : BAR_CELLS_MIN, used = 0;
	char name[PB_ENUM_TEXT_SIZE];
	struct buffer rest;

	pb_enum_text(&domainflow__v2__phase__descriptor, (int)i + 1, name);
	buffer_init(&rest, 0);
	if (style->columns < NARROW_COLUMNS) {
		buffer_printf(&rest, "  %-11s", name);
	} else {
		buffer_printf(out, "  %-11s%s", name, style->has_color ? phase_color(p->status) : "");
		bar(out, p->percent, cells, style->is_utf8);
		buffer_text(out, style->has_color ? "\033[0m" : "");
		used = NAME_COLUMNS + cells;
	}
	buffer_printf(&rest, " %3d%%", (int)p->percent);
	phase_tail(&rest, p, style);
	terminal_cell(out, rest.data ? rest.data : "", style->columns - used, false);
	buffer_char(out, '\n');
	buffer_done(&rest);
}

unsigned watch_picture(struct watch *w, const struct watch_style *style, struct buffer *out)
{
	char status[PB_ENUM_TEXT_SIZE], mode[PB_ENUM_TEXT_SIZE];
	struct buffer head;

	pb_enum_text(&domainflow__v2__campaign_status__descriptor, (int)w->status, status);
	pb_enum_text(&domainflow__v2__campaign_mode__descriptor, (int)w->mode, mode);
	buffer_init(&head, 0);
	buffer_printf(&head, "%s  %s  %s  %.1f%%", w->name, status, mode, w->percent);
	if (style->notice)
		buffer_printf(&head, "  %s", style->notice);
	if (style->has_color)
		buffer_text(out, "\033[1m");
	terminal_cell(out, head.data ? head.data : "", style->columns, false);
	buffer_text(out, style->has_color ? "\033[0m\n" : "\n");
	buffer_done(&head);
	for (unsigned i = 0; i < WATCH_PHASES; i++)
		phase_line(out, w, i, style);
	return 1 + WATCH_PHASES;
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static void counts(struct buffer *out, const PbPhaseSummary *s)
{
	if (!s)
		return;
	buffer_printf(out, " %.2f%%", s->progress_percentage);
	if (s->run_number > 1)
		buffer_printf(out, " run=%" PRId32, s->run_number);
	if (s->progress)
		buffer_printf(out, " done=%" PRId32 " total=%" PRId32 " ok=%" PRId32 " failed=%" PRId32,
			      s->progress->processed_items, s->progress->total_items, s->progress->successful_items,
			      s->progress->failed_items);
	if (s->error) {
		buffer_text(out, " error=");
		terminal_text(out, s->error->code);
		buffer_text(out, ": ");
		terminal_text(out, s->error->message);
	}
}

static void phase_words(struct buffer *out, Domainflow__V2__Phase phase, Domainflow__V2__PhaseStatus status)
{
	char word[PB_ENUM_TEXT_SIZE];

	pb_enum_text(&domainflow__v2__phase__descriptor, (int)phase, word);
	buffer_printf(out, " %s", word);
	pb_enum_text(&domainflow__v2__phase_status__descriptor, (int)status, word);
	buffer_printf(out, " %s", word);
}

static void payload(struct buffer *out, const PbEvent *event)
{
	char word[PB_ENUM_TEXT_SIZE];

	switch (event->payload_case) {
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_SNAPSHOT:
		pb_enum_text(&domainflow__v2__campaign_status__descriptor, (int)event->snapshot->status, word);
		buffer_printf(out, " %s %.2f%%", word, event->snapshot->overall_progress_percentage);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_TRANSITION:
		phase_words(out, event->transition->phase, event->transition->status);
		counts(out, event->transition->summary);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PHASE_UPDATE:
		phase_words(out, event->phase_update->phase, event->phase_update->status);
		counts(out, event->phase_update);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_PROGRESS:
		/* These are the campaign's numbers, not those of the phase that runs. */
		buffer_printf(out,
			      " campaign %.2f%% decided=%" PRId32 " domains=%" PRId32 " leads=%" PRId32
			      " failed=%" PRId32,
			      event->progress->percent_complete, event->progress->processed_domains,
			      event->progress->total_domains, event->progress->successful_domains,
			      event->progress->failed_domains);
		pb_enum_text(&domainflow__v2__phase__descriptor, (int)event->progress->current_phase, word);
		if (*word)
			buffer_printf(out, " (%s runs)", word);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_BLOCKED:
		pb_enum_text(&domainflow__v2__phase__descriptor, (int)event->blocked->phase, word);
		buffer_printf(out, " %s ", word);
		terminal_text(out, event->blocked->reason);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_MODE:
		pb_enum_text(&domainflow__v2__campaign_mode__descriptor, (int)event->mode, word);
		buffer_printf(out, " %s", word);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_DETAILS:
		buffer_char(out, ' ');
		terminal_text(out, event->details);
		return;
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD_LAST_EVENT:
	case DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD__NOT_SET:
	case _DOMAINFLOW__V2__WATCH_CAMPAIGN_RESPONSE__PAYLOAD__CASE_IS_INT_SIZE:
		return;
	}
}

void watch_line(const PbEvent *event, bool with_campaign, struct buffer *out)
{
	char time[PB_TIME_TEXT_SIZE] = "-", type[PB_ENUM_TEXT_SIZE];

	if (event->occurred_at)
		pb_time_text(&event->occurred_at->base, time);
	pb_enum_text(&domainflow__v2__event_type__descriptor, (int)event->type, type);
	buffer_printf(out, "%s ", time);
	if (with_campaign) {
		terminal_text(out, *event->campaign_id ? event->campaign_id : "-");
		buffer_char(out, ' ');
	}
	buffer_text(out, type);
	if (event->resync_reason != DOMAINFLOW__V2__RESYNC_REASON__RESYNC_REASON_UNSPECIFIED) {
		pb_enum_text(&domainflow__v2__resync_reason__descriptor, (int)event->resync_reason, type);
		buffer_printf(out, " (%s)", type);
	}
	payload(out, event);
	buffer_char(out, '\n');
}
