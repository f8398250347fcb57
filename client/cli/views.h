/* cli/views.h: how answers that several commands give are shown. */
#ifndef CLI_VIEWS_H
#define CLI_VIEWS_H

#include "base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

struct cli;

/* An answer with a member `campaign`. */
struct status view_campaign(struct cli *cli, const ProtobufCMessage *answer) MUST_CHECK;
/* An answer with a member `state`: one phase in full. */
struct status view_phase(struct cli *cli, const ProtobufCMessage *answer) MUST_CHECK;
/* An answer that says nothing: a word for people, the empty object as JSON. */
struct status view_done(struct cli *cli, const ProtobufCMessage *answer, const char *word) MUST_CHECK;
/* One event of a stream: a line of text (naming the campaign where they are mixed), or an object. Flushed. */
void event_print(struct cli *cli, const ProtobufCMessage *event, bool with_campaign);

#endif
