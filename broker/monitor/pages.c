#include "broker/monitor/pages.h"

#include "broker/monitor/connz.h"
#include "broker/monitor/metrics.h"
#include "broker/monitor/subsz.h"
#include "broker/monitor/unserved.h"
#include "broker/monitor/varz.h"

const struct net_http_route broker__pages[] = {
    {"/", NULL, broker__serve_root},
    {"/accountz", NULL, broker__serve_accountz},
    {"/accstatz", NULL, broker__serve_accstatz},
    {"/connz", NULL, broker__serve_connz},
    {"/gatewayz", NULL, broker__serve_gatewayz},
    {"/healthz", NULL, broker__serve_healthz},
    {"/jsz", NULL, broker__serve_jsz},
    {"/leafz", NULL, broker__serve_leafz},
    {"/metrics", NULL, broker__serve_metrics},
    {"/routez", NULL, broker__serve_routez},
    {"/subsz", "/subscriptionsz", broker__serve_subsz},
    {"/varz", NULL, broker__serve_varz},
    {NULL, NULL, NULL},
};
