/* mermaid_label.h - the texts of a Mermaid sequence diagram. */
#ifndef EXPORT_SEQUENCE_MERMAID_LABEL_H
#define EXPORT_SEQUENCE_MERMAID_LABEL_H

#include "export/sequence/message.h"
#include "export/sequence/text_buffer.h"

/* Characters of a name, a subject, a longer text. */
enum { EXPORT_MERMAID_NAME = 40, EXPORT_MERMAID_SUBJECT = 60, EXPORT_MERMAID_TEXT = 80 };

/* Text from outside, so many characters at most, then "…". */
void export_mermaid_put_text(struct export_text_buffer *buffer, struct wire_slice text, size_t characters);

/* "p12", the name by which the diagram refers to a party. */
void export_mermaid_put_party(struct export_text_buffer *buffer, uint32_t party);
void export_mermaid_put_count(struct export_text_buffer *buffer, uint64_t count);

/* "+1.2 ms" */
void export_mermaid_put_since(struct export_text_buffer *buffer, int64_t since_ns);

/* " orders.new"; " reply" for a reply to an inbox, since generated subjects say nothing. */
void export_mermaid_put_subject(struct export_text_buffer *buffer,
				const struct export_sequence_message *message);

/* " 503 No Responders, 12 B, UNANSWERED": the status, the size, and what is wrong. */
void export_mermaid_put_details(struct export_text_buffer *buffer,
				const struct export_sequence_message *message);

/* " (queue workers), DROPPED (slow consumer)" */
void export_mermaid_put_receiver(struct export_text_buffer *buffer,
				 const struct export_sequence_receiver *receiver);

/* "conversation of #4711 orders.new, 3 messages" */
void export_mermaid_put_heading(struct export_text_buffer *buffer,
				const struct export_sequence_heading *heading);

#endif
