/* message_json.h - the messages of a page as JSON, as export/html/page.js reads them.
 *
 * A row:  t        microseconds after the first event, with three decimals
 *         k        "d": a delivery seen apart from its message; "g": a gap; "c": the head of a conversation; none: a message
 *         time     RFC 3339, in the zone in which it is shown
 *         seq, log number in its log; number of the log, from 1, when there are several
 *         from     party; conn: number of the connection
 *         to       receivers: p party, conn, q queue group, o outcome unless sent, d microseconds after the message
 *         more     receivers that are not listed; may: there may be others that the log does not know; unheard: nobody
 *         re       number of the message that it replies to, counted without gaps and heads; isreply: it replies to one
 *         cause    [number of the message that caused it, evidence, score]
 *         trouble  "unanswered", "no responders"
 *         subject, reply, payload: text, or <key>_base64 where the bytes are no text
 *         head     [[key, value], …], or head_base64 where the block is malformed; status, description
 *         size     of the payload; left: bytes that the log holds and the page does not; cut, partial, masked: as in the log */
#ifndef EXPORT_HTML_MESSAGE_JSON_H
#define EXPORT_HTML_MESSAGE_JSON_H

#include "export/sequence/message.h"
#include "export/text/json.h"

struct export_html_rows {
	struct export_json json;
	struct export_clock clock;
	bool has_logs;      /* several: rows name theirs */
	uint64_t room;      /* bytes of headers and payloads that may follow */
	uint64_t shortened; /* messages whose headers or payload are not whole in the page */
};

void export_html_message(struct export_html_rows *rows, const struct export_sequence_message *message);
void export_html_gap(struct export_html_rows *rows, const struct export_sequence_gap *gap);
void export_html_heading(struct export_html_rows *rows, const struct export_sequence_heading *heading);

#endif
