/* conn_text.h - the number of a connection as people read it. */
#ifndef CLI_OUTPUT_CONN_TEXT_H
#define CLI_OUTPUT_CONN_TEXT_H

#include <stdint.h>

enum { CLI_CONN_TEXT = 32 };

/* "#7", or "#7@2" for one of another input than the event's: of the second LOG. Returns text. */
const char *cli_conn_text(char text[CLI_CONN_TEXT], uint64_t conn);

#endif
