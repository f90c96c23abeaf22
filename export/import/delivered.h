/* delivered.h - the receivers of a message, from JSON. */
#ifndef EXPORT_IMPORT_DELIVERED_H
#define EXPORT_IMPORT_DELIVERED_H

#include "export/import/reading.h"

/* Read the value of the key "delivered", an array of objects (docs/reading.md). 0, or a negative code with the reading's fault. */
int export__read_delivered(struct export__reading *reading);

#endif
