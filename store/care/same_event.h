/* same_event.h - whether two events are equal in all that a log stores. Internal to store. */
#ifndef STORE_CARE_SAME_EVENT_H
#define STORE_CARE_SAME_EVENT_H

#include <stdbool.h>

#include "wire/event.h"

bool store__same_event(const struct wire_event *a, const struct wire_event *b);

#endif
