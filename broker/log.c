/* log.c - each line is built in memory and written by one call, so that lines of several threads and processes do
 * not mix. */
#include "broker/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 8192 };

struct broker_log {
	char *path; /* NULL: stderr */
	int fd;
	_Atomic bool with_time;
	_Atomic int most; /* the most verbose level that is written; debug lines have a switch of their own */
	_Atomic bool debug;
	pthread_mutex_t lock; /* guards fd */
};

static int open_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}

struct broker_log *broker_log_open(const char *path, bool with_time, bool debug, bool trace)
{
	struct broker_log *log = calloc(1, sizeof *log);
	if (!log)
		return NULL;
	log->fd = STDERR_FILENO;
	broker_log_set(log, with_time, debug, trace);
	pthread_mutex_init(&log->lock, NULL);
	if (!path)
		return log;
	log->path = strdup(path);
	log->fd = log->path ? open_file(path) : -ENOMEM;
	if (log->fd >= 0)
		return log;
	int error = -log->fd;
	log->fd = STDERR_FILENO;
	broker_log_close(log);
	errno = error;
	return NULL;
}

void broker_log_set(struct broker_log *log, bool with_time, bool debug, bool trace)
{
	if (!log)
		return;
	log->with_time = with_time;
	log->debug = debug;
	log->most = trace ? BROKER_LOG_TRACE : debug ? BROKER_LOG_DEBUG : BROKER_LOG_INFO;
}

void broker_log_close(struct broker_log *log)
{
	if (!log)
		return;
	if (log->fd != STDERR_FILENO)
		close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log);
}

static void change_fd(struct broker_log *log, int fd)
{
	pthread_mutex_lock(&log->lock);
	int old = log->fd;
	log->fd = fd;
	pthread_mutex_unlock(&log->lock);
	if (old != STDERR_FILENO)
		close(old);
}

int broker_log_reopen(struct broker_log *log)
{
	if (!log || !log->path)
		return 0;
	int fd = open_file(log->path);
	if (fd < 0)
		return fd;
	change_fd(log, fd);
	return 0;
}

int broker_log_move(struct broker_log *log, const char *path)
{
	if (!log)
		return 0;
	char *copy = path ? strdup(path) : NULL;
	int fd = !path ? STDERR_FILENO : copy ? open_file(path) : -ENOMEM;
	if (fd < 0) {
		free(copy);
		return fd;
	}
	change_fd(log, fd);
	free(log->path);
	log->path = copy;
	return 0;
}

bool broker_log_wants(const struct broker_log *log, enum broker_log_level level)
{
	if (!log)
		return false;
	if (level == BROKER_LOG_DEBUG)
		return log->debug;
	return (int)level <= log->most;
}

/* Write `[pid] time [LVL] `. Returns the bytes written. */
static size_t print_head(char *line, bool with_time, enum broker_log_level level)
{
	static const char *const labels[] = {"FTL", "ERR", "WRN", "INF", "DBG", "TRC"};
	struct timespec now;
	struct tm local;
	char stamp[64] = "";
	if (with_time) {
		clock_gettime(CLOCK_REALTIME, &now);
		localtime_r(&now.tv_sec, &local);
		size_t len = strftime(stamp, sizeof stamp, "%Y/%m/%d %H:%M:%S", &local);
		snprintf(stamp + len, sizeof stamp - len, ".%06ld ", now.tv_nsec / 1000);
	}
	return (size_t)snprintf(line, LINE_BYTES, "[%ld] %s[%s] ", (long)getpid(), stamp, labels[level]);
}

/* Append text to line[0..at), with control characters as \n, \r, \t or \xHH. Returns the new length, at most
 * LINE_BYTES - 1, so that the line end fits. */
static size_t append_escaped(char *line, size_t at, const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c && at < LINE_BYTES - 5; c++) {
		if (*c >= 0x20 && *c != 0x7f)
			line[at++] = (char)*c;
		else if (*c == '\n' || *c == '\r' || *c == '\t')
			at += (size_t)sprintf(line + at, "\\%c", *c == '\n' ? 'n' : *c == '\r' ? 'r' : 't');
		else
			at += (size_t)sprintf(line + at, "\\x%02x", *c);
	}
	return at;
}

static void write_line(struct broker_log *log, const char *line, size_t len)
{
	pthread_mutex_lock(&log->lock);
	while (len > 0) {
		ssize_t written = write(log->fd, line, len);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break; /* the failure cannot be reported anywhere */
		line += written;
		len -= (size_t)written;
	}
	pthread_mutex_unlock(&log->lock);
}

void broker_log(struct broker_log *log, enum broker_log_level level, const char *format, ...)
{
	if (!broker_log_wants(log, level))
		return;
	char text[LINE_BYTES];
	char line[LINE_BYTES];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	size_t len = append_escaped(line, print_head(line, log->with_time, level), text);
	line[len++] = '\n';
	write_line(log, line, len);
}
