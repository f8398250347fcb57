/* names.h: the one place where names of generated C are made.
 *
 * Two kinds: the names protobuf-c gives to messages (rebuilt here exactly), and ours for services, methods and
 * tables. Every result lives in the arena; NULL never happens (the plugin's arena has no limit, exhaustion aborts). */
#ifndef PROTOC_GEN_GRPC_C_NAMES_H
#define PROTOC_GEN_GRPC_C_NAMES_H

#include <stdbool.h>

struct arena;

/* "demo.v1.Outer.Inner" → "Demo__V1__Outer__Inner", protobuf-c's type name. */
const char *name_pb_type(struct arena *arena, const char *full_name);
/* "demo.v1.AllTypes" → "demo__v1__all_types", the stem of protobuf-c's functions and descriptors. */
const char *name_pb_stem(struct arena *arena, const char *full_name);

/* "GetURLByID" → "get_url_by_id"; a C keyword gets an underscore: "Default" → "default_". */
const char *name_member(struct arena *arena, const char *camel);
/* "demo.v2", "CampaignService" → "demo_v2_campaign": the stem of everything generated for a service. A trailing
 * "Service" is dropped, since the generated words (service, handlers) say it again. */
const char *name_service(struct arena *arena, const char *package, const char *service);
/* "demo/v2/campaign.proto", "_H" → "DEMO_V2_CAMPAIGN_H". */
const char *name_guard(struct arena *arena, const char *path, const char *suffix);
/* "demo/v2/campaign.proto" → "demo/v2/campaign" */
const char *name_stem(struct arena *arena, const char *path);

bool name_is_keyword(const char *word);

#endif
