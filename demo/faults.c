#include "demo/faults.h"

const struct demo_fault demo_faults[] = {
    {"slows-down", NULL, "fraud-check takes 20 times as long in the second half"},
    {"fails", NULL, "tax-calculate replies with an error to one order of 20"},
    {"ignores", NULL, "address-verify does not answer for one order of 20"},
    {"storm", NULL, "the state machine asks address-verify again every 50 ms, 7 times"},
    {"no-responders", NULL, "the state machine asks customer.survey.invite, which nobody serves"},
    {"flaps", NULL, "sms-send connects again every 3 s"},
    {"duplicates", NULL, "export-feed publishes each insight.export.order twice"},
    {"takes-most", NULL, "one member of card-authorize subscribes eight times in its queue group"},
    {"lonely-member", NULL, "the queue group label-print has one member"},
    {"unheard", "click-collector", "publishes analytics.clicks.raw, to which nobody is subscribed"},
    {"never-fed", "fax-gateway", "subscribes fax.outbound.*, to which nobody publishes"},
    {"cardinality", "session-tracker", "a subject of its own for each session: sessions.ID.seen"},
    {"large-payload", "document-archive", "payloads 1 KiB below the limit of 1 MiB"},
    {"burst", "report-batch", "4000 messages at once in the middle of the run"},
    {"polls", "flag-poller", "asks customer.consent.check 10 times a second and gets the same answer"},
    {"leaks-inboxes", "catalog-sync", "a new inbox subscription for each request, never unsubscribed"},
    {"nameless", "anonymous", "a client without a name"},
    {"forbidden", "reporting-bot", "publishes to billing.revenue.eu, which its user may not"},
    {"old-client", "old-scanner",
     "go client 1.2.0 without headers, which sends an unknown operation every 5 s"},
    {"stalled", "wall-board", "subscribes events.> and documents.> and never reads"},
};
const size_t demo_faults_len = sizeof(demo_faults) / sizeof(demo_faults[0]);
