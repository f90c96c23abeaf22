/* proto.h - write the protobuf wire format ("Encoding", protobuf.dev). Internal to export/perfetto. */
#ifndef EXPORT_PERFETTO_PROTO_H
#define EXPORT_PERFETTO_PROTO_H

#include "export/text/buffer.h"

enum { EXPORT__PROTO_MESSAGE_MAX = (1 << 28) - 1 };

/* A field of an unsigned number, or of an enum. */
void export__proto_number(struct export_buffer *buffer, unsigned field, uint64_t value);
/* A field of the type fixed64. */
void export__proto_fixed64(struct export_buffer *buffer, unsigned field, uint64_t value);
/* A field of bytes, or of a string that is valid UTF-8. */
void export__proto_bytes(struct export_buffer *buffer, unsigned field, struct wire_slice bytes);

/* A string of bytes that may be anything: what is not valid UTF-8, reorders or hides text becomes U+FFFD. Cut to about max bytes. */
void export__proto_text(struct export_buffer *buffer, unsigned field, struct wire_slice bytes, size_t max);

/* A message follows, of at most EXPORT__PROTO_MESSAGE_MAX bytes. Returns where it begins, for export__proto_end. */
size_t export__proto_begin(struct export_buffer *buffer, unsigned field);
void export__proto_end(struct export_buffer *buffer, size_t begin);

#endif
