/* sample_log.h - write a sample log by the ordinary writer. */
#ifndef TESTS_INTEGRATION_SAMPLE_LOG_H
#define TESTS_INTEGRATION_SAMPLE_LOG_H

#include "store/write/writer.h"

/* Write the log dir: `fill` appends its events to a batch. Fails the program when it cannot be written. */
void sample_log_write(const char *dir, void (*fill)(struct store_batch *batch));

#endif
