/* writer_status.h - what the writer's thread shows of itself: its status and lines for the operator. Internal to store. */
#ifndef STORE_WRITE_WRITER_STATUS_H
#define STORE_WRITE_WRITER_STATUS_H

#include "store/write/writer_layout.h"

/* Copy what the thread knows to the status that other threads read, and wake those that wait for a change of it. */
void store__writer_update_status(struct store_writer *writer);

/* Pass a line to options.report. */
void store__writer_report(const struct store_writer *writer, const char *line);

/* Report when something begins or ceases to need attention although recording goes on. */
void store__writer_report_trouble(struct store_writer *writer);

#endif
