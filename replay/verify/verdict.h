/* verdict.h - what comparing the live replies to a request with the recorded ones can find. */
#ifndef REPLAY_VERIFY_VERDICT_H
#define REPLAY_VERIFY_VERDICT_H

#include <stdbool.h>

/* Of several findings the first in this list is the verdict. X(name, key in JSON, text). */
#define REPLAY_VERDICTS(X)                                   \
	X(SAME, "same", "same")                              \
	X(MISSING, "missing", "fewer replies than recorded") \
	X(EXTRA, "extra", "more replies than recorded")      \
	X(STATUS, "status", "another status")                \
	X(DIFFERENT, "different", "another reply")           \
	X(SLOWER, "slower", "slower")                        \
	X(MASKED, "masked", "masked in the recording")       \
	X(UNVERIFIABLE, "unverifiable", "the recorded reply is not known")

enum replay_verdict {
#define REPLAY_VERDICT_ENUM(name, key, text) REPLAY_VERDICT_##name,
	REPLAY_VERDICTS(REPLAY_VERDICT_ENUM)
#undef REPLAY_VERDICT_ENUM
	    REPLAY_VERDICT_COUNT
};

/* The text and the JSON key of a verdict. Static. */
const char *replay_verdict_text(enum replay_verdict verdict);
const char *replay_verdict_key(enum replay_verdict verdict);

/* The live replies are known to differ from the recorded ones. */
static inline bool replay_verdict_is_mismatch(enum replay_verdict verdict)
{
	return verdict != REPLAY_VERDICT_SAME && verdict != REPLAY_VERDICT_MASKED &&
	       verdict != REPLAY_VERDICT_UNVERIFIABLE;
}

#endif
