package sse

import "strings"

// The types of events (docs/spec/07-events.md §4), in no particular order. A type's place here is its bit in a filter,
// so there can be 64.
const (
	typePhaseUpdate = iota
	typePhaseStarted
	typePhaseAutoStarted
	typePhasePaused
	typePhaseResumed
	typePhaseCompleted
	typePhaseFailed
	typePhaseConfigured
	typePhaseStatusChanged
	typeAutoAdvanceBlocked
	typeCampaignProgress
	typeCampaignCompleted
	typeCampaignCancelled
	typeModeChanged
	typeDomainGenerated
	typeDomainValidated
	typeDomainStatusDelta
	typeHTTPEnrichment
	typeDomainsHTTPFinalized
	typeDomainFeaturesBatchFinalized
	typeExtractionPhaseCompleted
	typeCountersReconciled
	typeAnalysisReuseEnrichment
	typeAnalysisReadSwitch
	typeAnalysisFailed
	typeAnalysisCompleted
	typeDomainScored
	typeScoresStale
	typeRescoreProgress
	typeRescoreCompleted
	typeInsightsUpdated
	typeKeywordSetCreated
	typeKeywordSetUpdated
	typeKeywordSetDeleted
	typeExtractionSubstep
	typeResync
	typeError
	typeKeepAlive
	typeCount
)

var typeNames = [typeCount]string{
	typePhaseUpdate:                  "phaseUpdate",
	typePhaseStarted:                 "phase_started",
	typePhaseAutoStarted:             "phase_auto_started",
	typePhasePaused:                  "phase_paused",
	typePhaseResumed:                 "phase_resumed",
	typePhaseCompleted:               "phase_completed",
	typePhaseFailed:                  "phase_failed",
	typePhaseConfigured:              "phase_configured",
	typePhaseStatusChanged:           "phase_status_changed",
	typeAutoAdvanceBlocked:           "auto_advance_blocked",
	typeCampaignProgress:             "campaign_progress",
	typeCampaignCompleted:            "campaign_completed",
	typeCampaignCancelled:            "campaign_cancelled",
	typeModeChanged:                  "mode_changed",
	typeDomainGenerated:              "domain_generated",
	typeDomainValidated:              "domain_validated",
	typeDomainStatusDelta:            "domain_status_delta",
	typeHTTPEnrichment:               "http_enrichment",
	typeDomainsHTTPFinalized:         "domains_http_finalized",
	typeDomainFeaturesBatchFinalized: "domain_features_batch_finalized",
	typeExtractionPhaseCompleted:     "extraction_phase_completed",
	typeCountersReconciled:           "counters_reconciled",
	typeAnalysisReuseEnrichment:      "analysis_reuse_enrichment",
	typeAnalysisReadSwitch:           "analysis_read_switch",
	typeAnalysisFailed:               "analysis_failed",
	typeAnalysisCompleted:            "analysis_completed",
	typeDomainScored:                 "domain_scored",
	typeScoresStale:                  "scores_stale",
	typeRescoreProgress:              "rescore_progress",
	typeRescoreCompleted:             "rescore_completed",
	typeInsightsUpdated:              "insights_updated",
	typeKeywordSetCreated:            "keyword_set_created",
	typeKeywordSetUpdated:            "keyword_set_updated",
	typeKeywordSetDeleted:            "keyword_set_deleted",
	typeExtractionSubstep:            "extraction_substep",
	typeResync:                       "resync",
	typeError:                        "error",
	typeKeepAlive:                    "keep_alive",
}

// A filter says which types a client wants: one bit each.
type filter uint64

const everything = ^filter(0)

// Always sent: a client that filters must still learn that it lost something.
const always = filter(1)<<typeResync | filter(1)<<typeError | filter(1)<<typeKeepAlive

func (f filter) has(eventType int) bool { return f&(1<<eventType) != 0 }

// parseFilter reads the query parameter types=a,b. A text without any name asks for everything. The second result is
// the first name that is no type, "" when all are.
func parseFilter(list string) (filter, string) {
	wanted := filter(0)
	for name := range strings.SplitSeq(list, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		eventType := typeOf(name)
		if eventType < 0 {
			return 0, name
		}
		wanted |= 1 << eventType
	}
	if wanted == 0 {
		return everything, ""
	}
	return wanted | always, ""
}

func typeOf(name string) int {
	for i, known := range typeNames {
		if known == name {
			return i
		}
	}
	return -1
}

// Types are the names of all types of events.
func Types() []string { return typeNames[:] }
