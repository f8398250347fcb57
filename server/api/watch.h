/* api/watch.h: how the hub's messages leave over gRPC; given to hub_open by main.c. */
#ifndef API_WATCH_H
#define API_WATCH_H

struct hub_sink;

extern const struct hub_sink api_watch_sink;

#endif
