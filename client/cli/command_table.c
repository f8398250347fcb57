#include "command.h"

#include "options.h"
#include "resource.h"

#define IN(g, v) .group = g, .verb = v, .name = g " " v
#define TOP(v)   .group = NULL, .verb = v, .name = v
#define BIT      OPTION_BIT

/* What narrows and orders lists of domains. */
#define SELECTION \
	(BIT(DNS_STATUS) | BIT(HTTP_STATUS) | BIT(LEAD_STATUS) | BIT(REASON) | BIT(DNS_REASON) | BIT(HTTP_REASON) | \
	 BIT(MIN_SCORE) | BIT(NOT_PARKED) | BIT(HAS_CONTACT) | BIT(KEYWORD) | BIT(WARNINGS) | BIT(BUCKET) | \
	 BIT(SEARCH) | BIT(SORT) | BIT(DIR))

const struct command command_table[] = {
	{ IN("campaign", "create"), "-f FILE", 0, 0,
	  BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(MODE) | BIT(START) | BIT(IF_MISSING), "store a new campaign",
	  "FILE holds name, description, mode, configuration and patternConfig as the REST interface takes them.\n"
	  "Members personas and keywordSets may list names; they become ids in patternConfig.",
	  "campaign create -f campaign.json --start\ncampaign create -f - --name 'Second try' < campaign.json",
	  campaign_create },
	{ IN("campaign", "list"), "", 0, 0, BIT(LIMIT) | BIT(STATUS) | BIT(SEARCH), "campaigns, newest first", NULL,
	  "campaign list --status running\ncampaign list --search shop -o json", campaign_list },
	{ IN("campaign", "get"), "CAMPAIGN", 1, 1, 0, "one campaign", NULL,
	  "campaign get 0198c0de-0000-7000-8000-000000000001", campaign_get },
	{ IN("campaign", "watch"), "CAMPAIGN", 1, 1, BIT(UNTIL) | BIT(AFTER), "follow a campaign live",
	  "Draws a bar per phase on a terminal, writes a line per event elsewhere, with -o json one object per line.\n"
	  "Resumes by itself after a lost connection. Ends with 0 when the campaign (or with --until the phase) "
	  "completes,\n"
	  "with 1 when a phase fails or the campaign is cancelled.",
	  "campaign watch ID\ncampaign watch ID --until dns\ncampaign watch ID --after 0 -o json", campaign_watch,
	  FORMATS_STREAM },
	{ IN("campaign", "wait"), "CAMPAIGN", 1, 1, BIT(FOR),
	  "wait silently until a campaign or a phase is where it should be",
	  "Ends with 0 when it is there, with 1 when the campaign has come to another end, with 124 when --timeout is\n"
	  "over, which here bounds the whole wait (no bound without it). Resumes by itself after a lost connection.",
	  "campaign wait ID\ncampaign wait ID --for phase/dns=completed --timeout 10m\ncampaign wait ID --for "
	  "status=paused",
	  campaign_wait, FORMATS_NONE, .times_itself = true },
	{ IN("campaign", "status"), "CAMPAIGN [PHASE]", 1, 2, 0,
	  "where the phases stand; with PHASE one of them in full", NULL,
	  "campaign status ID\ncampaign status ID http -o json", campaign_status },
	{ IN("campaign", "start"), "CAMPAIGN [PHASE]", 1, 2, 0, "start, retry or rerun a phase",
	  "Without PHASE: the first one that is not completed.", "campaign start ID\ncampaign start ID dns",
	  campaign_start },
	{ IN("campaign", "pause"), "CAMPAIGN [PHASE]", 1, 2, 0, "pause the running phase", NULL, "campaign pause ID",
	  campaign_pause },
	{ IN("campaign", "resume"), "CAMPAIGN [PHASE]", 1, 2, 0, "continue the paused phase", NULL,
	  "campaign resume ID", campaign_resume },
	{ IN("campaign", "stop"), "CAMPAIGN [PHASE]", 1, 2, 0, "stop the campaign; with PHASE only that phase",
	  "Stopping the campaign cancels it. A stopped phase has failed and can be started again.",
	  "campaign stop ID\ncampaign stop ID http", campaign_stop },
	{ IN("campaign", "restart"), "CAMPAIGN [analysis]", 1, 2, 0, "run dns, http, analysis and leads again",
	  "With analysis: only score what was extracted again. Never repeats generation.",
	  "campaign restart ID\ncampaign restart ID analysis", campaign_restart },
	{ IN("campaign", "configure"), "CAMPAIGN PHASE", 2, 2, BIT(FILE) | BIT(PERSONA) | BIT(KEYWORD_SET),
	  "store a phase's configuration",
	  "Without -f the configuration is empty but for the personas and keyword sets named.",
	  "campaign configure ID dns --persona 'Careful resolvers'\ncampaign configure ID http -f http.json "
	  "--keyword-set Shops",
	  campaign_configure },
	{ IN("campaign", "mode"), "CAMPAIGN MODE", 2, 2, 0, "step_by_step or full_sequence", NULL,
	  "campaign mode ID full_sequence", campaign_mode },
	{ IN("campaign", "update"), "CAMPAIGN", 1, 1, BIT(NAME) | BIT(DESCRIPTION), "change name or description", NULL,
	  "campaign update ID --name 'Spring shops'", campaign_update },
	{ IN("campaign", "duplicate"), "CAMPAIGN", 1, 1, BIT(NAME), "a new draft with the same configuration", NULL,
	  "campaign duplicate ID --name 'Second half'", campaign_duplicate },
	{ IN("campaign", "archive"), "CAMPAIGN", 1, 1, 0, "set a campaign aside: from then on it is read only", NULL,
	  "campaign archive ID", campaign_archive },
	{ IN("campaign", "lineage"), "CAMPAIGN", 1, 1, 0,
	  "which names of its pattern a campaign has, and who had others", NULL, "campaign lineage ID",
	  campaign_lineage },
	{ IN("campaign", "delete"), "CAMPAIGN", 1, 1, BIT(YES), "remove a campaign and all it found",
	  "Asks first on a terminal.", "campaign delete ID --yes", campaign_delete },
	{ IN("campaign", "funnel"), "CAMPAIGN", 1, 1, 0, "how many domains reached each stage", NULL,
	  "campaign funnel ID -o json", campaign_funnel },
	{ IN("campaign", "rejections"), "CAMPAIGN", 1, 1, 0, "why domains are no leads", NULL, "campaign rejections ID",
	  campaign_rejections },
	{ IN("campaign", "executions"), "CAMPAIGN", 1, 1, BIT(PHASE) | BIT(LIMIT), "every run of every phase", NULL,
	  "campaign executions ID --phase http", campaign_executions },
	{ IN("domain", "list"), "CAMPAIGN", 1, 1, BIT(LIMIT) | SELECTION, "the domains of a campaign",
	  "Every option narrows the list; all of them have to hold.",
	  "domain list ID --lead-status match --sort lead_score --limit 20\ndomain list ID --reason parked -o json "
	  "--limit all\ndomain list ID --search shop --min-score 0.6 --warnings none",
	  domain_list },
	{ IN("domain", "export"), "CAMPAIGN", 1, 1, BIT(TO) | SELECTION,
	  "all domains of a campaign as CSV, JSON lines or JSON",
	  "Takes what domain list takes to select and order. --output is a format, or a file whose ending tells the "
	  "format;\n"
	  "without it CSV goes to standard output. A file appears under its name when it is complete.",
	  "domain export ID -o leads.csv --lead-status match --sort lead_score\ndomain export ID -o jsonl | jq .domain",
	  domain_export, FORMATS_ROWS, .writes_file = true },
	{ IN("domain", "get"), "CAMPAIGN NAME", 2, 2, 0, "one domain", NULL, "domain get ID abcdshop.com", domain_get },
	{ IN("domain", "keywords"), "CAMPAIGN NAME", 2, 2, 0, "the keywords found on a domain's page, heaviest first",
	  NULL, "domain keywords ID abcdshop.com", domain_keywords },
	{ IN("domain", "breakdown"), "CAMPAIGN NAME", 2, 2, 0, "what a domain's score is made of", NULL,
	  "domain breakdown ID abcdshop.com -o json", domain_breakdown },
	{ TOP("events"), "[CAMPAIGN]", 0, 1, BIT(AFTER) | BIT(TYPES) | BIT(DETAIL) | BIT(LIMIT),
	  "the events of a campaign, or of all campaigns, as they come",
	  "Goes on until interrupted, or --limit events were shown; resumes by itself after a lost connection.\n"
	  "With --after the stored events of the campaign after that number come first (0: all that are kept).\n"
	  "The stream of all campaigns has no past: after a lost connection it shows resync and goes on.",
	  "events\nevents ID --after 0\nevents ID --types phase_completed,phase_failed -o jsonl", show_events,
	  FORMATS_STREAM },
	{ IN("pattern", "preview"), "", 0, 0,
	  BIT(FILE) | BIT(PATTERN) | BIT(LENGTH) | BIT(CHARSET) | BIT(CONSTANT) | BIT(TLD) | BIT(SAMPLE),
	  "the names a pattern would yield next, and how many are left",
	  "FILE is a campaign as for campaign create, or a patternConfig alone; options win over it.",
	  "pattern preview --pattern prefix --length 4 --constant shop --tld .com,.net\npattern preview -f "
	  "campaign.json "
	  "--sample 20",
	  pattern_preview },
	{ IN("persona", "create"), "-f FILE", 0, 0, BIT(FILE) | BIT(NAME) | BIT(IF_MISSING), "store a persona",
	  "FILE holds name, personaType, description, isEnabled and configDetails.",
	  "persona create -f dns.json --if-missing", resource_create, .resource = &resource_persona },
	{ IN("persona", "list"), "", 0, 0, BIT(LIMIT) | BIT(TYPE) | BIT(ENABLED), "personas by name", NULL,
	  "persona list --type dns", resource_list, .resource = &resource_persona },
	{ IN("persona", "get"), "ID|NAME", 1, 1, 0, "one persona", NULL, "persona get ID -o json", resource_get,
	  .resource = &resource_persona },
	{ IN("persona", "update"), "ID|NAME", 1, 1,
	  BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(ENABLE) | BIT(DISABLE), "change a persona",
	  "FILE holds the members to change, as for create.",
	  "persona update ID --disable\npersona update ID -f dns.json", resource_update,
	  .resource = &resource_persona },
	{ IN("persona", "delete"), "ID|NAME", 1, 1, BIT(YES), "remove a persona", "Asks first on a terminal.",
	  "persona delete ID", resource_delete, .resource = &resource_persona },
	{ IN("persona", "test"), "ID|NAME [TARGET]", 1, 2, 0, "look up or fetch one target with a persona",
	  "TARGET is a host name, for http personas also a URL (default example.com). Ends with 1 when the target did "
	  "not "
	  "answer as it should.",
	  "persona test 'Careful resolvers' example.org\npersona test ID https://example.org/", persona_test,
	  .resource = &resource_persona },
	{ IN("keyword-set", "create"), "-f FILE", 0, 0, BIT(FILE) | BIT(NAME) | BIT(IF_MISSING), "store a keyword set",
	  "FILE holds name, description, isEnabled and rules: texts, or objects with pattern, ruleType, weight,\n"
	  "isCaseSensitive, category and contextChars.",
	  "keyword-set create -f shops.json --if-missing", resource_create, .resource = &resource_keyword_set },
	{ IN("keyword-set", "list"), "", 0, 0, BIT(LIMIT) | BIT(ENABLED), "keyword sets by name", NULL,
	  "keyword-set list", resource_list, .resource = &resource_keyword_set },
	{ IN("keyword-set", "get"), "ID|NAME", 1, 1, 0, "one keyword set with its rules", NULL, "keyword-set get ID",
	  resource_get, .resource = &resource_keyword_set },
	{ IN("keyword-set", "update"), "ID|NAME", 1, 1,
	  BIT(FILE) | BIT(NAME) | BIT(DESCRIPTION) | BIT(ENABLE) | BIT(DISABLE), "change a keyword set",
	  "FILE holds the members to change, as for create; rules replace all rules.",
	  "keyword-set update ID -f shops.json", resource_update, .resource = &resource_keyword_set },
	{ IN("keyword-set", "delete"), "ID|NAME", 1, 1, BIT(YES), "remove a keyword set", "Asks first on a terminal.",
	  "keyword-set delete ID", resource_delete, .resource = &resource_keyword_set },
	{ TOP("doctor"), "", 0, 0, 0, "check settings, connection, server, database, schema, cache and clocks",
	  "Ends with 0 when nothing is failed (degraded: slower, or worth knowing), with 1 when something is, with 5 "
	  "when\n"
	  "the server can't be reached.",
	  "doctor\ndoctor --server db.example.com:8443 --tls-ca ca.pem -o json", show_doctor },
	{ TOP("instances"), "", 0, 0, 0, "the servers of the installation, and whether they live", NULL,
	  "instances -o json", show_instances },
	{ TOP("version"), "", 0, 0, 0, "of this program and of the server", NULL, "version -o json", show_version,
	  FORMAT_BIT(TABLE) | FORMAT_BIT(JSON) | FORMAT_BIT(JSONL) },
	{ TOP("completion"), "SHELL", 1, 1, 0, "a script that completes dfctl's lines in bash, zsh or fish", NULL,
	  "completion bash > /usr/share/bash-completion/completions/dfctl\ncompletion fish > "
	  "~/.config/fish/completions/dfctl.fish",
	  show_completion, FORMATS_NONE, .is_offline = true },
	{ TOP("man"), "[markdown]", 0, 1, 0, "the manual page; with markdown the table of commands", NULL,
	  "man | man -l -", show_man, FORMATS_NONE, .is_offline = true },
	{ TOP("help"), "[COMMAND]", 0, 2, 0, "this list, or more about one command", NULL, "help campaign watch",
	  show_help, FORMATS_NONE, .is_offline = true },
};

const size_t command_count = sizeof command_table / sizeof *command_table;
