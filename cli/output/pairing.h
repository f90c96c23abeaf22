/* pairing.h - what --with-replies adds to a request and to its replies, as text below them and as JSON keys. */
#ifndef CLI_OUTPUT_PAIRING_H
#define CLI_OUTPUT_PAIRING_H

#include "cli/output/json.h"

struct cli_pairing {
	enum { CLI_NOT_PAIRED, CLI_PAIRED_REQUEST, CLI_PAIRED_REPLY } role;
	uint64_t request_seq; /* of a reply; 0 = unknown */
	int64_t after_ns;     /* of a reply: after its request */
	bool is_early;        /* the recording ends, or memory is short, before a reply was due */
	bool no_responders;   /* of a request: the server said so */
	bool is_unheard;      /* of a request: it is known that nobody received it */
	uint32_t replies;     /* of a request */
};

/* Print a line below the event. */
void cli_pairing_text(const struct cli_pairing *pairing, struct cli_out *out);

/* Add the keys to an object that is open. */
void cli_pairing_json(const struct cli_pairing *pairing, struct cli_json *json);

#endif
