/* errors.h - replies that say that something went wrong. */
#ifndef TRACE_DOCTOR_FACTS_ERRORS_H
#define TRACE_DOCTOR_FACTS_ERRORS_H

#include "wire/event.h"

/* The reply reports an error: a header Nats-Service-Error or Nats-Service-Error-Code, a status of 400 and more, or a JSON
 * object with a member "error" near its beginning that is not null, false, "" or 0. Hot. */
bool doctor__is_error(const struct wire_event *reply);

#endif
