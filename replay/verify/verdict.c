#include "replay/verify/verdict.h"

static const struct {
	const char *key, *text;
} verdicts[] = {
#define REPLAY_VERDICT_ROW(name, key, text) {key, text},
    REPLAY_VERDICTS(REPLAY_VERDICT_ROW)
#undef REPLAY_VERDICT_ROW
};

const char *replay_verdict_text(enum replay_verdict verdict)
{
	return verdicts[verdict].text;
}

const char *replay_verdict_key(enum replay_verdict verdict)
{
	return verdicts[verdict].key;
}
