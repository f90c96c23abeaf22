/* pairing.h - what --with-replies adds to a request and to its replies, as text below them and as JSON keys. */
#ifndef EXPORT_EVENT_PAIRING_H
#define EXPORT_EVENT_PAIRING_H

#include "export/text/json.h"

enum export_pairing_end {
	EXPORT_PAIRING_OVERDUE,    /* a reply would have come by now */
	EXPORT_PAIRING_LOG_ENDS,   /* …the log ends */
	EXPORT_PAIRING_RANGE_ENDS, /* …what --until or --seq choose ends */
	EXPORT_PAIRING_FOLLOWED,   /* …the log goes on, but the command ends */
	EXPORT_PAIRING_NO_MEMORY,  /* …it is forgotten for lack of memory */
};

struct export_pairing {
	enum { EXPORT_NOT_PAIRED, EXPORT_PAIRED_REQUEST, EXPORT_PAIRED_REPLY } role;
	uint64_t request_seq; /* of a reply; 0 = unknown */
	int64_t after_ns;     /* of a reply: after its request */
	bool no_responders;   /* of a request: the server said so, or it is unheard */
	uint32_t replies;     /* of a request */
	/* Of a request without a reply: why none is expected any more, and how long it was waited for. */
	enum export_pairing_end end;
	int64_t waited_ns;
};

/* Print a line below the event. */
void export_pairing_text(const struct export_pairing *pairing, struct export_out *out);

/* Add the keys to an object that is open. */
void export_pairing_json(const struct export_pairing *pairing, struct export_json *json);

#endif
