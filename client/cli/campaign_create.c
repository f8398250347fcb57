/* campaign_create.c: a campaign from a file, with names in it turned into ids. */
#include "cli.h"
#include "command.h"
#include "existing.h"
#include "form.h"
#include "input.h"
#include "output.h"
#include "pb.h"
#include "pb_json.h"
#include "resource.h"
#include "views.h"

#include "base/arena.h"

#include <string.h>

#define NAMES_MAX 50

/* The pattern that counts: the one at top level wins, as on the server. NULL when there is none. */
static json_t *pattern_of(const json_t *document)
{
	json_t *top = json_object_get(document, "patternConfig");

	if (json_is_object(top))
		return top;
	return json_object_get(json_object_get(document, "configuration"), "patternConfig");
}

/* `personas: ["name"]` becomes more `personaIds` in the pattern. */
static struct status names_resolve(struct form *f, const char *member, const struct resource *kind,
				   const char *id_member)
{
	json_t *pattern = pattern_of(f->document), *ids;
	const char *const *names = NULL;
	size_t count = 0;

	if (!json_get_texts(&f->fields, member, NAMES_MAX, FORM_TEXT_BYTES_MAX, &names, &count) || count == 0)
		return STATUS_OK_VALUE;
	if (!json_is_object(pattern)) {
		json_violation(&f->fields, member, "needs a patternConfig to go into");
		return STATUS_OK_VALUE;
	}
	ids = json_object_get(pattern, id_member);
	if (!ids) {
		ids = json_array();
		if (json_object_set_new(pattern, id_member, ids) != 0)
			return status_out_of_memory();
	}
	if (!json_is_array(ids)) {
		json_violation(&f->fields, member, "%s is not a list", id_member);
		return STATUS_OK_VALUE;
	}
	return reference_resolve(f->cli, kind, names, count, ids);
}

/* The document as the stored campaign would show it. */
static struct status existing_show(struct cli *cli, struct form *f, const Domainflow__V2__CreateCampaignRequest *create,
				   bool *out_is_shown)
{
	PB(ListCampaignsRequest, LIST_CAMPAIGNS_REQUEST, list);
	PB(GetCampaignRequest, GET_CAMPAIGN_REQUEST, get);
	AUTO(json) json_t *wanted = json_copy(f->document);
	json_t *top = json_object_get(wanted, "patternConfig"), *configuration;
	Domainflow__V2__GetCampaignResponse *answer;
	const char *id;

	list.search = create->name;
	TRY(existing_find(cli, &domainflow_v2_campaign_list_campaigns_method, &list.base, "campaigns", create->name,
			  &id));
	*out_is_shown = id != NULL;
	if (!id)
		return STATUS_OK_VALUE;
	get.campaign_id = pb_borrow(id);
	TRY(CLI_CALL(cli, domainflow_v2_campaign_get_campaign, &get, &answer));
	if (!wanted || !answer->campaign)
		return status_out_of_memory();
	configuration = json_object_get(wanted, "configuration");
	if (top && !configuration)
		json_object_set_new(wanted, "configuration", json_pack("{s:O}", "patternConfig", top));
	else if (top)
		json_object_set(configuration, "patternConfig", top);
	json_object_del(wanted, "patternConfig");
	json_object_del(wanted, "personas");
	json_object_del(wanted, "keywordSets");
	json_object_del(wanted, "mode"); /* may have been changed since */
	json_object_set_new(wanted, "name", json_string(create->name));
	TRY(existing_same(wanted, &answer->campaign->base));
	return view_campaign(cli, &answer->base);
}

/* Starts generation of what was just made. */
static struct status start(struct cli *cli, const char *id)
{
	PB(StartPhaseRequest, START_PHASE_REQUEST, request);
	Domainflow__V2__StartPhaseResponse *answer;

	request.campaign_id = pb_borrow(id);
	request.phase = DOMAINFLOW__V2__PHASE__PHASE_GENERATION;
	TRY(CLI_CALL(cli, domainflow_v2_phase_start_phase, &request, &answer));
	if (!cli_is_json(cli))
		cli_note(cli, "generation is started; dfctl campaign watch %s follows it", id);
	return STATUS_OK_VALUE;
}

static struct status create(struct cli *cli, struct form *f)
{
	PB(CreateCampaignRequest, CREATE_CAMPAIGN_REQUEST, request);
	Domainflow__V2__CreateCampaignResponse *answer;
	const char *profile = NULL;
	bool is_shown = false;

	request.name = pb_borrow(form_required_text(f, OPTION_NAME, "name"));
	request.description = pb_borrow(form_text(f, OPTION_DESCRIPTION, "description"));
	request.mode = (Domainflow__V2__CampaignMode)form_choice(f, OPTION_MODE, "mode");
	json_get_text(&f->fields, "scoringProfileId", FORM_TEXT_BYTES_MAX, &profile);
	request.scoring_profile_id = pb_borrow(profile);
	TRY(names_resolve(f, "personas", &resource_persona, "personaIds"));
	TRY(names_resolve(f, "keywordSets", &resource_keyword_set, "keywordSetIds"));
	request.configuration = pb_borrow(form_json(f, "configuration"));
	request.pattern_config = pb_borrow(form_json(f, "patternConfig"));
	TRY(form_check(f));
	if (cli->options->is_given[OPTION_IF_MISSING]) {
		TRY(existing_show(cli, f, &request, &is_shown));
		if (is_shown) {
			if (cli->options->is_given[OPTION_START] && !cli_is_json(cli))
				cli_note(cli, "note: the campaign is there already; nothing was started");
			return STATUS_OK_VALUE;
		}
	}
	TRY(CLI_CALL(cli, domainflow_v2_campaign_create_campaign, &request, &answer));
	if (!answer->campaign)
		return status_make(STATUS_INTERNAL, "BAD_RESPONSE", "%s", "the server's answer has no campaign");
	if (!cli_is_json(cli))
		for (size_t i = 0; i < answer->n_warnings; i++)
			cli_note(cli, "note: %s", answer->warnings[i]);
	TRY(view_campaign(cli, &answer->base));
	return cli->options->is_given[OPTION_START] ? start(cli, answer->campaign->id) : STATUS_OK_VALUE;
}

struct status campaign_create(struct cli *cli)
{
	struct form f;
	struct status st = form_open(&f, cli, false);

	if (status_ok(st))
		st = create(cli, &f);
	form_done(&f);
	return st;
}
