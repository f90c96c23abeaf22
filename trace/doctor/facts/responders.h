/* responders.h - how long each connection, and each service, takes to answer each subject. */
#ifndef TRACE_DOCTOR_FACTS_RESPONDERS_H
#define TRACE_DOCTOR_FACTS_RESPONDERS_H

#include "trace/doctor/facts/state.h"

/* 0 or -ENOMEM; in either case call doctor__responders_fini. */
int doctor__responders_init(struct doctor__requests *requests, uint64_t max_bytes);
void doctor__responders_fini(struct doctor__requests *requests);

/* The present client answered a request after so long. Hot: once for each reply. */
void doctor__responders_add(struct doctor__facts *facts, const struct doctor__pending *request,
			    int64_t after_ns);

#endif
