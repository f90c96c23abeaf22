/* connz.h - who is connected, and who was: /connz, inside this folder. */
#ifndef BROKER_MONITOR_CONNZ_H
#define BROKER_MONITOR_CONNZ_H

#include "broker/monitor/answer.h"

void broker__serve_connz(const struct broker__request *request, struct broker__answer *answer);

#endif
