/* conn_text.h - the number of a connection as people read it. */
#ifndef EXPORT_TEXT_CONN_TEXT_H
#define EXPORT_TEXT_CONN_TEXT_H

#include <stdint.h>

enum { EXPORT_CONN_TEXT = 32 };

/* "#7", or "#7@2" for one of another input than the event's: of the second LOG. Returns text. */
const char *export_conn_text(char text[EXPORT_CONN_TEXT], uint64_t conn);

#endif
