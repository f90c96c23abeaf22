/* pairing.h - what --with-replies adds to a request and to its replies, as text below them and as JSON keys. */
#ifndef CLI_OUTPUT_PAIRING_H
#define CLI_OUTPUT_PAIRING_H

#include "cli/output/json.h"

enum cli_pairing_end {
	CLI_PAIRING_OVERDUE,    /* a reply would have come by now */
	CLI_PAIRING_LOG_ENDS,   /* …the log ends */
	CLI_PAIRING_RANGE_ENDS, /* …what --until or --seq choose ends */
	CLI_PAIRING_FOLLOWED,   /* …the log goes on, but the command ends */
	CLI_PAIRING_NO_MEMORY,  /* …it is forgotten for lack of memory */
};

struct cli_pairing {
	enum { CLI_NOT_PAIRED, CLI_PAIRED_REQUEST, CLI_PAIRED_REPLY } role;
	uint64_t request_seq; /* of a reply; 0 = unknown */
	int64_t after_ns;     /* of a reply: after its request */
	bool no_responders;   /* of a request: the server said so, or it is unheard */
	uint32_t replies;     /* of a request */
	/* Of a request without a reply: why none is expected any more, and how long it was waited for. */
	enum cli_pairing_end end;
	int64_t waited_ns;
};

/* Print a line below the event. */
void cli_pairing_text(const struct cli_pairing *pairing, struct cli_out *out);

/* Add the keys to an object that is open. */
void cli_pairing_json(const struct cli_pairing *pairing, struct cli_json *json);

#endif
