/* conversation.h - what the differential tests send to a server, read from a text file.
 *
 * A file holds several conversations. One line is one step; # begins a comment line:
 *
 *   == a publisher receives its own message     begins a conversation; the name is a claim
 *   config max_payload: 1kb                     a line of the server's configuration file
 *   flags --user x --pass y                     flags of the server
 *   monitoring                                  the server has a monitoring port
 *   unordered a b                               a's and b's lines are compared as sets
 *   merged a b                                  a and b together are one set (queue group members)
 *   muted a                                     the bytes that a receives are not compared
 *   pings                                       PINGs of the server are compared too, not dropped
 *   a: SUB foo 1                                send, CRLF is added. A client connects when first named
 *   a+ PUB foo 2\r\nhi                          send exactly these bytes
 *   a- PING                                     send byte by byte, CRLF is added
 *   open a · close a · shutdown a               connect · close · close for writing
 *   raw a                                       connect without waiting for INFO
 *   small a                                     connect with a small receive buffer
 *   secure a [WORDS]                            begin TLS: 1.2, 1.3, verify (the server), as NAME (with its certificate);
 *                                               then wait for what the handshake came to
 *   sync a b                                    PING and wait for PONG
 *   closed a                                    wait until the server closes
 *   await a TEXT                                wait until a has received TEXT (since a's last await)
 *   quiet a MS                                  receive for that time: last resort
 *   file NAME TEXT                              write a file into the folder
 *   reconfig LINE                               a line of the next configuration, installed by `signal HUP`
 *   signal NAME · stopped                       HUP INT TERM USR1 USR2 · wait for the server's end
 *   log TEXT                                    wait until the server's log contains TEXT
 *   http PATH [types|values KEY…]               GET; compare status, and types or values of keys (a.0.b)
 *   run ARGS · show ARGS                        run the program; compare exit status · and output too
 *   exists NAME                                 compare whether the file is there
 *   offline                                     run no server at all
 *
 * Text may contain \r \n \t \\ \xHH, and \(N*text) which repeats. $DIR, $PID and $PORT stand for the test's
 * folder, the server's process and its port, $CERTS for a folder of certificates (support/certificates.h), in config, flags, file, run and show. */
#ifndef INTEGRATION_CONVERSATION_H
#define INTEGRATION_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>

enum step_kind {
	STEP_OPEN,
	STEP_SMALL,
	STEP_CLOSE,
	STEP_SHUTDOWN,
	STEP_SECURE,
	STEP_RAW,
	STEP_SYNC,
	STEP_CLOSED,
	STEP_UNORDERED,
	STEP_MERGED,
	STEP_MUTED,
	STEP_SEND,
	STEP_SEND_BYTEWISE,
	STEP_AWAIT,
	STEP_QUIET,
	STEP_CONFIG,
	STEP_RECONFIG,
	STEP_FLAGS,
	STEP_FILE,
	STEP_SIGNAL,
	STEP_LOG,
	STEP_HTTP,
	STEP_RUN,
	STEP_SHOW,
	STEP_EXISTS,
	STEP_STOPPED,
	STEP_PINGS,
	STEP_MONITORING,
	STEP_OFFLINE,
};

struct step {
	enum step_kind kind;
	int client; /* index into clients; -1 = none */
	char *text; /* of the line, escapes resolved, NUL-terminated; NULL = none */
	size_t text_len;
	int line;
};

enum { CLIENTS_MAX = 16 };

struct conversation {
	char *name;
	struct step *steps;
	size_t steps_len;
	char clients[CLIENTS_MAX][16]; /* names */
	int clients_len;
};

struct conversations {
	struct conversation *list;
	size_t len;
};

/* Read a file. Ends the program, naming file and line, when it is malformed. */
void conversations_open(struct conversations *conversations, const char *path);
void conversations_close(struct conversations *conversations);

/* There is a step of this kind. */
bool conversation_has(const struct conversation *conversation, enum step_kind kind);

#endif
