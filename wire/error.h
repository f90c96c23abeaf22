/* error.h - the project's error codes.
 *
 * Functions return 0 or a positive result on success and a negative code on failure. Codes from -1 to
 * -4096 are negated errno values (libuv's codes are the same numbers on Linux); ours start at -10001. */
#ifndef WIRE_ERROR_H
#define WIRE_ERROR_H

/* X(name, code, text). Codes are stable: append, never renumber. */
#define WIRE_ERROR_TABLE(X)                                                 \
	X(WIRE_EPROTOCOL, -10001, "unknown protocol operation")             \
	X(WIRE_EARGUMENT, -10002, "wrong argument of a protocol operation") \
	X(WIRE_ELINE, -10003, "control line too long")                      \
	X(WIRE_EPAYLOAD, -10004, "payload too large")                       \
	X(WIRE_EJSON, -10005, "not a valid JSON object")                    \
	X(WIRE_EHEADER, -10006, "malformed message header")                 \
	X(STORE_EFORMAT, -10101, "not a tapedeck log")                      \
	X(STORE_EVERSION, -10102, "written by a newer version of tapedeck") \
	X(STORE_EDAMAGE, -10103, "damaged")                                 \
	X(STORE_ELOCKED, -10104, "another recorder is writing to this log") \
	X(STORE_EFULL, -10105, "block is full")                             \
	X(STORE_EFILTER, -10106, "unusable filter")                         \
	X(BROKER_ECONFIG, -10201, "unusable configuration")                 \
	X(TAP_ECAPTURE, -10301, "not a packet capture")                     \
	X(TAP_ECUT, -10302, "the capture is cut off")                       \
	X(TAP_EBPF, -10303, "unusable capture filter")                      \
	X(TAP_EINTERFACE, -10304, "cannot capture on this interface")       \
	X(TAP_ENOTCP, -10305, "nothing in the capture was understood")      \
	X(NET_ETLS, -10401, "TLS failed")                                   \
	X(NET_EPROXYHEADER, -10411, "not a header of the PROXY protocol")

enum wire_error {
#define WIRE_ERROR_ENUM(name, code, text) name = (code),
	WIRE_ERROR_TABLE(WIRE_ERROR_ENUM)
#undef WIRE_ERROR_ENUM
};

/* The text of a code, ours or a negated errno. Never NULL; static or thread-local storage, not to be freed. */
const char *wire_error_text(int code);

/* A failure described for people: the thing, the place and the remedy. Functions that take one fill it in
 * exactly when they return a negative code. */
struct wire_fault {
	int code;
	char text[500]; /* NUL-terminated, one line without line end */
};

/* Fill in *fault (may be NULL) from a printf format and return code, so that `return wire_fault_set(…);` works. */
int wire_fault_set(struct wire_fault *fault, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
