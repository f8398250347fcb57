#include "command.h"

#include "options.h"

#define IN(g, v) .group = g, .verb = v, .name = g " " v
#define TOP(v)   .group = NULL, .verb = v, .name = v
#define BIT      OPTION_BIT

const struct command command_table[] = {
	{ IN("campaign", "create"), "-f FILE", 0, 0,
	  BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(MODE) | BIT(START) | BIT(IF_MISSING), "store a new campaign",
	  "FILE holds name, description, mode, configuration and patternConfig as the REST interface takes them.\n"
	  "Members personas and keywordSets may list names; they become ids in patternConfig.",
	  "campaign create -f campaign.json --start\ncampaign create -f - --name 'Second try' < campaign.json",
	  campaign_create },
	{ IN("campaign", "list"), "", 0, 0, BIT(LIMIT) | BIT(STATUS) | BIT(SEARCH), "campaigns, newest first", NULL,
	  "campaign list --status running\ncampaign list --search shop -o json", campaign_list },
	{ IN("campaign", "get"), "ID", 1, 1, 0, "one campaign", NULL,
	  "campaign get 0198c0de-0000-7000-8000-000000000001", campaign_get },
	{ IN("campaign", "watch"), "ID", 1, 1, BIT(UNTIL) | BIT(AFTER), "follow a campaign live",
	  "Draws a bar per phase on a terminal, writes a line per event elsewhere, with -o json one object per line.\n"
	  "Resumes by itself after a lost connection. Ends with 0 when the campaign (or with --until the phase) "
	  "completes,\n"
	  "with 1 when a phase fails or the campaign is cancelled.",
	  "campaign watch ID\ncampaign watch ID --until dns\ncampaign watch ID --after 0 -o json", campaign_watch },
	{ IN("campaign", "status"), "ID [PHASE]", 1, 2, 0, "where the phases stand; with PHASE one of them in full",
	  NULL, "campaign status ID\ncampaign status ID http -o json", campaign_status },
	{ IN("campaign", "start"), "ID [PHASE]", 1, 2, 0, "start, retry or rerun a phase",
	  "Without PHASE: the first one that is not completed.", "campaign start ID\ncampaign start ID dns",
	  campaign_start },
	{ IN("campaign", "pause"), "ID [PHASE]", 1, 2, 0, "pause the running phase", NULL, "campaign pause ID",
	  campaign_pause },
	{ IN("campaign", "resume"), "ID [PHASE]", 1, 2, 0, "continue the paused phase", NULL, "campaign resume ID",
	  campaign_resume },
	{ IN("campaign", "stop"), "ID [PHASE]", 1, 2, 0, "stop the campaign; with PHASE only that phase",
	  "Stopping the campaign cancels it. A stopped phase has failed and can be started again.",
	  "campaign stop ID\ncampaign stop ID http", campaign_stop },
	{ IN("campaign", "restart"), "ID [analysis]", 1, 2, 0, "run dns, http, analysis and leads again",
	  "With analysis: only score what was extracted again. Never repeats generation.",
	  "campaign restart ID\ncampaign restart ID analysis", campaign_restart },
	{ IN("campaign", "configure"), "ID PHASE", 2, 2, BIT(FILE) | BIT(PERSONA) | BIT(KEYWORD_SET),
	  "store a phase's configuration",
	  "Without -f the configuration is empty but for the personas and keyword sets named.",
	  "campaign configure ID dns --persona 'Careful resolvers'\ncampaign configure ID http -f http.json "
	  "--keyword-set Shops",
	  campaign_configure },
	{ IN("campaign", "mode"), "ID MODE", 2, 2, 0, "step_by_step or full_sequence", NULL,
	  "campaign mode ID full_sequence", campaign_mode },
	{ IN("campaign", "update"), "ID", 1, 1, BIT(NAME) | BIT(DESCRIPTION), "change name or description", NULL,
	  "campaign update ID --name 'Spring shops'", campaign_update },
	{ IN("campaign", "duplicate"), "ID", 1, 1, BIT(NAME), "a new draft with the same configuration", NULL,
	  "campaign duplicate ID --name 'Second half'", campaign_duplicate },
	{ IN("campaign", "delete"), "ID", 1, 1, BIT(YES), "remove a campaign and all it found",
	  "Asks first on a terminal.", "campaign delete ID --yes", campaign_delete },
	{ IN("campaign", "funnel"), "ID", 1, 1, 0, "how many domains reached each stage", NULL,
	  "campaign funnel ID -o json", campaign_funnel },
	{ IN("campaign", "rejections"), "ID", 1, 1, 0, "why domains are no leads", NULL, "campaign rejections ID",
	  campaign_rejections },
	{ IN("campaign", "executions"), "ID", 1, 1, BIT(PHASE) | BIT(LIMIT), "every run of every phase", NULL,
	  "campaign executions ID --phase http", campaign_executions },
	{ IN("domain", "list"), "CAMPAIGN-ID", 1, 1,
	  BIT(LIMIT) | BIT(DNS_STATUS) | BIT(HTTP_STATUS) | BIT(LEAD_STATUS) | BIT(REASON) | BIT(SORT),
	  "the domains of a campaign", NULL,
	  "domain list ID --lead-status match --sort lead_score --limit 20\ndomain list ID --reason parked -o json "
	  "--limit all",
	  domain_list },
	{ IN("domain", "get"), "CAMPAIGN-ID NAME", 2, 2, 0, "one domain", NULL, "domain get ID abcdshop.com",
	  domain_get },
	{ IN("persona", "create"), "-f FILE", 0, 0, BIT(FILE) | BIT(NAME) | BIT(IF_MISSING), "store a persona",
	  "FILE holds name, personaType, description, isEnabled and configDetails.",
	  "persona create -f dns.json --if-missing", persona_create },
	{ IN("persona", "list"), "", 0, 0, BIT(LIMIT) | BIT(TYPE) | BIT(ENABLED), "personas by name", NULL,
	  "persona list --type dns", persona_list },
	{ IN("persona", "get"), "ID", 1, 1, 0, "one persona", NULL, "persona get ID -o json", persona_get },
	{ IN("persona", "update"), "ID", 1, 1, BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(ENABLE) | BIT(DISABLE),
	  "change a persona", "FILE holds the members to change, as for create.",
	  "persona update ID --disable\npersona update ID -f dns.json", persona_update },
	{ IN("persona", "delete"), "ID", 1, 1, BIT(YES), "remove a persona", "Asks first on a terminal.",
	  "persona delete ID", persona_delete },
	{ IN("keyword-set", "create"), "-f FILE", 0, 0, BIT(FILE) | BIT(NAME) | BIT(IF_MISSING), "store a keyword set",
	  "FILE holds name, description, isEnabled and rules: texts, or objects with pattern, ruleType, weight,\n"
	  "isCaseSensitive, category and contextChars.",
	  "keyword-set create -f shops.json --if-missing", keyword_set_create },
	{ IN("keyword-set", "list"), "", 0, 0, BIT(LIMIT) | BIT(ENABLED), "keyword sets by name", NULL,
	  "keyword-set list", keyword_set_list },
	{ IN("keyword-set", "get"), "ID", 1, 1, 0, "one keyword set with its rules", NULL, "keyword-set get ID",
	  keyword_set_get },
	{ IN("keyword-set", "update"), "ID", 1, 1,
	  BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(ENABLE) | BIT(DISABLE), "change a keyword set",
	  "FILE holds the members to change, as for create; rules replace all rules.",
	  "keyword-set update ID -f shops.json", keyword_set_update },
	{ IN("keyword-set", "delete"), "ID", 1, 1, BIT(YES), "remove a keyword set", "Asks first on a terminal.",
	  "keyword-set delete ID", keyword_set_delete },
	{ TOP("version"), "", 0, 0, 0, "of this program and of the server", NULL, "version -o json", show_version },
	{ TOP("help"), "[COMMAND]", 0, 2, 0, "this list, or more about one command", NULL, "help campaign watch",
	  show_help },
};

const size_t command_count = sizeof command_table / sizeof *command_table;
