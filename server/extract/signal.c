#include "extract/signal.h"

static const char *const signal_texts[SIGNAL_COUNT] = {
#define X(name, text) [SIGNAL_##name] = text,
	SIGNALS(X)
#undef X
};

const char *signal_text(enum signal signal)
{
	return signal_texts[signal];
}
