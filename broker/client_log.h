/* client_log.h - log lines about a client, in nats-server's layout: `ip:port - cid:n - text`. Inside this folder. */
#ifndef BROKER_CLIENT_LOG_H
#define BROKER_CLIENT_LOG_H

#include "broker/log.h"
#include "broker/server.h"

void broker__client_log(const struct broker_client *client, enum broker_log_level level, const char *format,
			...) __attribute__((format(printf, 3, 4)));

#endif
