/* log.h - the server's own log lines, in nats-server's layout:
 * `[pid] 2026/01/31 12:00:00.000000 [INF] text`. Not the message log. */
#ifndef BROKER_LOG_H
#define BROKER_LOG_H

#include <stdbool.h>

struct broker_log;

enum broker_log_level {
	BROKER_LOG_FATAL,
	BROKER_LOG_ERROR,
	BROKER_LOG_WARN,
	BROKER_LOG_INFO,
	BROKER_LOG_DEBUG,
	BROKER_LOG_TRACE
};

/* path NULL: stderr. NULL with errno when the file cannot be opened or memory is short. The other functions accept NULL as
 * a log that takes nothing. */
struct broker_log *broker_log_open(const char *path, bool with_time, bool debug, bool trace);
void broker_log_close(struct broker_log *log);

/* Open the file again after it was rotated. 0 or a negated errno (the old file stays in use). */
int broker_log_reopen(struct broker_log *log);

/* Write to another file; NULL: stderr. 0 or a negated errno (the old file stays in use). */
int broker_log_move(struct broker_log *log, const char *path);

/* Change what is logged, after a reload. Any thread; other threads notice soon. */
void broker_log_set(struct broker_log *log, bool with_time, bool debug, bool trace);

/* Whether lines of the level are written; log NULL: none are. */
bool broker_log_wants(const struct broker_log *log, enum broker_log_level level);

/* One line; control characters are escaped, so that no peer can write lines of its own. Thread-safe. */
void broker_log(struct broker_log *log, enum broker_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
