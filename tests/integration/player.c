#include "player.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitoring.h"
#include "support/fail.h"
#include "support/secure.h"
#include "support/server.h"
#include "support/socket.h"
#include "support/tempdir.h"

enum { STEP_MS = 15000, SMALL_BYTES = 4096, FLAGS_MAX = 32 };

struct player {
	const struct conversation *talk;
	const struct contender *contender;
	struct transcript *transcript;
	struct support_tempdir dir;
	char program[PATH_MAX]; /* a link named nats-server */
	struct support_server server;
	struct support_tempdir proxy_dir;
	struct support_server proxy; /* in front of the server, when there is one */
	struct support_socket sockets[CLIENTS_MAX];
	size_t seen[CLIENTS_MAX]; /* bytes before the last match of `await` */
	char *next_config;        /* lines of reconfig */
};

static void miss(struct player *player, const struct step *step, const char *what, int code)
{
	transcript_note(player->transcript, "line %d: %s: %s", step->line, what,
			code == -EPIPE ? "closed" : strerror(-code));
	player->transcript->broken = true;
}

static const char *client_name(const struct player *player, const struct step *step)
{
	return step->client < 0 ? "" : player->talk->clients[step->client];
}

/* The text with $DIR, $PID and $PORT replaced; owned. */
static char *expand(const struct player *player, const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);
	if (!stream)
		support_fail("no memory");
	while (*text) {
		if (strncmp(text, "$DIR", 4) == 0 && (text += 4))
			fputs(player->dir.path, stream);
		else if (strncmp(text, "$PID", 4) == 0 && (text += 4))
			fprintf(stream, "%d", player->server.pid);
		else if (strncmp(text, "$CERTS", 6) == 0 && (text += 6))
			fputs(player->contender->certificates->dir.path, stream);
		else if (strncmp(text, "$PORT", 5) == 0 && (text += 5))
			fprintf(stream, "%d", player->server.port);
		else
			fputc(*text++, stream);
	}
	fclose(stream);
	return out;
}

/* Lines of all steps of a kind, each ended by a newline; owned. */
static char *joined(const struct player *player, enum step_kind kind)
{
	char *out = NULL;
	size_t len;
	FILE *stream = open_memstream(&out, &len);
	if (!stream)
		support_fail("no memory");
	for (size_t i = 0; i < player->talk->steps_len; i++) {
		const struct step *step = &player->talk->steps[i];
		if (step->kind != kind)
			continue;
		char *line = expand(player, step->text ? step->text : "");
		fprintf(stream, "%s\n", line);
		free(line);
	}
	fclose(stream);
	return out;
}

/* The path of a certificate or a key; returns path. */
static char *certificate(const struct player *player, const char *name, char path[300])
{
	return support_certificates_path(player->contender->certificates, name, path);
}

/* For both servers, when they are to require TLS. */
static char *add_tls(const struct player *player, char *config)
{
	char cert[300], key[300], *text;
	if (!player->contender->is_secure)
		return config;
	if (asprintf(&text, "%stls { cert_file: \"%s\", key_file: \"%s\" }\n", config,
		     certificate(player, "server.pem", cert), certificate(player, "server.key", key)) < 0)
		support_fail("no memory");
	free(config);
	return text;
}

static void write_config(struct player *player, enum step_kind kind)
{
	char path[PATH_MAX];
	char *text = add_tls(player, joined(player, kind));
	support_tempdir_path(&player->dir, "server.conf", path, sizeof(path));
	support_write_file(path, text, strlen(text));
	free(text);
}

/* Write the files of all steps before the server starts. */
static void write_files(struct player *player)
{
	for (size_t i = 0; i < player->talk->steps_len; i++) {
		const struct step *step = &player->talk->steps[i];
		if (step->kind != STEP_FILE)
			continue;
		char path[PATH_MAX], *text = expand(player, step->text);
		char *content = strchr(text, ' ');
		if (!content)
			support_fail("line %d: file NAME TEXT", step->line);
		*content++ = '\0';
		support_tempdir_path(&player->dir, text, path, sizeof(path));
		support_write_file(path, content, strlen(content));
		free(text);
	}
}

/* Cut at blanks, in place. */
static void split(char *text, const char **words, size_t words_max)
{
	size_t count = 0;
	char *rest;
	for (char *word = strtok_r(text, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest)) {
		if (count + 1 == words_max)
			support_fail("more than %zu words", words_max);
		words[count++] = word;
	}
	words[count] = NULL;
}

/* The servers get a configuration file. */
static bool has_config(const struct player *player)
{
	return conversation_has(player->talk, STEP_CONFIG) || player->contender->is_secure;
}

static int start_server(struct player *player)
{
	const char *flags[FLAGS_MAX] = {NULL};
	char record[PATH_MAX], config[PATH_MAX], *text = joined(player, STEP_FLAGS);
	snprintf(record, sizeof(record), "TAPEDECK_RECORD=%s/log", player->dir.path);
	support_tempdir_path(&player->dir, "server.conf", config, sizeof(config));
	split(text, flags, FLAGS_MAX);
	size_t count = 0;
	while (flags[count])
		count++;
	const char *more[] = {"-c", config, NULL};
	for (size_t i = 0; has_config(player) && more[i]; i++)
		flags[count++] = more[i];
	for (size_t i = 0; player->contender->more_flags && player->contender->more_flags[i]; i++)
		flags[count++] = player->contender->more_flags[i];
	struct support_server_plan plan = {
	    .program = player->program,
	    .args = flags,
	    .env = (const char *const[]){player->contender->records ? record : NULL, NULL},
	    .dir = player->dir.path,
	    .monitoring = conversation_has(player->talk, STEP_MONITORING),
	};
	int code = support_server_open(&player->server, &plan);
	free(text);
	return code;
}

static int start_proxy(struct player *player)
{
	const bool is_secure = player->contender->is_secure;
	char upstream[64], log[PATH_MAX], cert[300], key[300], ca[300];
	snprintf(upstream, sizeof(upstream), "%s://127.0.0.1:%d", is_secure ? "tls" : "nats",
		 player->server.port);
	support_tempdir_path(&player->proxy_dir, "log", log, sizeof(log));
	const char *args[] = {"--upstream", upstream, "--record",          log, "--tls-cert", cert,
			      "--tls-key",  key,      "--upstream-tls-ca", ca,  NULL};
	if (is_secure) {
		certificate(player, "server.pem", cert);
		certificate(player, "server.key", key);
		certificate(player, "ca.pem", ca);
	} else {
		args[4] = NULL;
	}
	const struct support_server_plan plan = {.program = player->contender->proxy,
						 .command = "proxy",
						 .args = args,
						 .dir = player->proxy_dir.path,
						 .is_proxy = true};
	return support_server_open(&player->proxy, &plan);
}

/* The server, and what stands in front of it. */
static int start(struct player *player)
{
	int code = start_server(player);
	return code == 0 && player->contender->proxy ? start_proxy(player) : code;
}

/* Where clients connect. */
static int client_port(const struct player *player)
{
	return player->contender->proxy ? player->proxy.port : player->server.port;
}

/* In a conversation that is not about TLS. A server that closes the connection at once may do so before the handshake. */
static void begin_tls(struct player *player, const struct step *step)
{
	char ca[300], why[256];
	const struct support_tls tls = {.ca_file = certificate(player, "ca.pem", ca)};
	int code =
	    support_socket_secure(&player->sockets[step->client], &tls, support_deadline_in(STEP_MS), why);
	if (code == -ETIMEDOUT)
		miss(player, step, "handshake", code);
}

static void open_client(struct player *player, const struct step *step, int receive_bytes)
{
	struct support_socket *sock = &player->sockets[step->client];
	int code = support_socket_open_small(sock, client_port(player), receive_bytes);
	if (code < 0) {
		transcript_note(player->transcript, "%s cannot connect", client_name(player, step));
		return;
	}
	code = support_socket_await(sock, 0, "\n", NULL, support_deadline_in(STEP_MS));
	if (code < 0)
		miss(player, step, "no INFO", code);
	else if (player->contender->is_secure)
		begin_tls(player, step);
}

/* The client of the step, connected if it was not yet. */
static struct support_socket *client(struct player *player, const struct step *step)
{
	struct support_socket *sock = &player->sockets[step->client];
	if (sock->fd < 0 && !sock->bytes)
		open_client(player, step, 0);
	return sock;
}

static void open_raw(struct player *player, const struct step *step)
{
	int code = support_socket_open(&player->sockets[step->client], client_port(player));
	if (code < 0)
		miss(player, step, "cannot connect", code);
}

/* How the handshake ends; a client of TLS 1.3 hears of a refusal only afterwards. */
static void step_secure(struct player *player, const struct step *step)
{
	char ca[300], cert[300], key[300], name[64], why[256];
	const char *words = step->text ? step->text : "", *as = strstr(words, "as ");
	struct support_tls tls = {.version = strstr(words, "1.2") ? 12 : strstr(words, "1.3") ? 13 : 0};
	if (strstr(words, "verify"))
		tls.ca_file = certificate(player, "ca.pem", ca);
	if (as && sscanf(as, "as %50s", name) == 1) {
		tls.cert_file = certificate(player, strcat(name, ".pem"), cert);
		*strrchr(name, '.') = '\0';
		tls.key_file = certificate(player, strcat(name, ".key"), key);
	}
	int code = support_socket_secure(client(player, step), &tls, support_deadline_in(STEP_MS), why);
	transcript_note(player->transcript, "%s: handshake %s", client_name(player, step),
			code == 0 ? "done" : "failed");
	if (code == -ETIMEDOUT)
		miss(player, step, "handshake", code);
}

static void step_send(struct player *player, const struct step *step)
{
	struct support_socket *sock = client(player, step);
	struct support_deadline deadline = support_deadline_in(STEP_MS);
	size_t chunk = step->kind == STEP_SEND_BYTEWISE ? 1 : step->text_len;
	int code = 0;
	for (size_t at = 0; code == 0 && at < step->text_len; at += chunk)
		code = support_socket_send(sock, step->text + at, chunk, deadline);
	if (code == -ETIMEDOUT)
		miss(player, step, "sending", code);
}

static void step_sync(struct player *player, const struct step *step)
{
	int code = support_socket_sync(client(player, step), support_deadline_in(STEP_MS));
	if (code < 0)
		miss(player, step, "no PONG", code);
}

static void step_closed(struct player *player, const struct step *step)
{
	struct support_socket *sock = client(player, step);
	int code = support_socket_await_close(sock, support_deadline_in(STEP_MS));
	if (code < 0)
		miss(player, step, "not closed", code);
}

static void step_await(struct player *player, const struct step *step)
{
	size_t *seen = &player->seen[step->client];
	int code =
	    support_socket_await(client(player, step), *seen, step->text, seen, support_deadline_in(STEP_MS));
	if (code < 0)
		miss(player, step, step->text, code);
}

static void step_quiet(struct player *player, const struct step *step)
{
	struct support_deadline deadline = support_deadline_in(atoi(step->text));
	while (support_socket_read(client(player, step), deadline) > 0)
		continue;
}

static void step_signal(struct player *player, const struct step *step)
{
	static const struct {
		const char *name;
		int number;
	} SIGNALS[] = {
	    {"HUP", SIGHUP}, {"INT", SIGINT}, {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
	if (conversation_has(player->talk, STEP_RECONFIG))
		write_config(player, STEP_RECONFIG);
	for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++) {
		if (strcmp(SIGNALS[i].name, step->text) == 0)
			support_server_signal(&player->server, SIGNALS[i].number);
	}
}

static void step_stopped(struct player *player, const struct step *step)
{
	int code = support_server_await_end(&player->server, support_deadline_in(2 * STEP_MS));
	if (code < 0)
		miss(player, step, "server still runs", code);
	else
		transcript_note(player->transcript, "server ended: %d",
				support_server_exit_status(&player->server));
}

static void step_log(struct player *player, const struct step *step)
{
	int code = support_server_await_log(&player->server, step->text, support_deadline_in(STEP_MS));
	if (code < 0)
		miss(player, step, "not in the server's log", code);
}

static void step_exists(struct player *player, const struct step *step)
{
	char *name = expand(player, step->text), path[PATH_MAX];
	support_tempdir_path(&player->dir, name, path, sizeof(path));
	transcript_note(player->transcript, "%s %s", step->text,
			access(path, F_OK) == 0 ? "exists" : "does not exist");
	free(name);
}

/* Note a line of output, with $DIR for the folder, whose name changes from run to run. */
static void note_output(struct player *player, const char *line)
{
	const char *dir = strstr(line, player->dir.path);
	if (dir)
		transcript_note(player->transcript, "%.*s$DIR%s", (int)(dir - line), line,
				dir + strlen(player->dir.path));
	else
		transcript_note(player->transcript, "%s", line);
}

/* Run the program under the name nats-server; note its output when the step asks for it. */
static void step_run(struct player *player, const struct step *step)
{
	char *args = expand(player, step->text), command[2 * PATH_MAX + 256], *output = NULL;
	snprintf(command, sizeof(command), "exec '%s' %s 2>&1 </dev/null", player->program, args);
	FILE *pipe = popen(command, "r");
	size_t cap = 0;
	if (!pipe)
		support_fail("cannot run %s", command);
	transcript_note(player->transcript, "%s", step->text);
	while (getline(&output, &cap, pipe) > 0) {
		if (step->kind == STEP_SHOW)
			note_output(player, output);
	}
	int status = pclose(pipe);
	transcript_note(player->transcript, "exit status %d", status / 256);
	free(output);
	free(args);
}

static void step_http(struct player *player, const struct step *step)
{
	struct support_deadline deadline = support_deadline_in(STEP_MS);
	monitoring_note(player->transcript, player->server.http_port, step->text, deadline);
}

static void step_end(struct player *player, const struct step *step)
{
	struct support_socket *sock = client(player, step);
	if (step->kind == STEP_SHUTDOWN) {
		shutdown(sock->fd, SHUT_WR);
		return;
	}
	close(sock->fd);
	sock->fd = -1;
}

static void take_step(struct player *player, const struct step *step)
{
	switch (step->kind) {
	case STEP_OPEN: client(player, step); break;
	case STEP_RAW: open_raw(player, step); break;
	case STEP_SECURE: step_secure(player, step); break;
	case STEP_SMALL: open_client(player, step, SMALL_BYTES); break;
	case STEP_CLOSE:
	case STEP_SHUTDOWN: step_end(player, step); break;
	case STEP_SYNC: step_sync(player, step); break;
	case STEP_CLOSED: step_closed(player, step); break;
	case STEP_SEND:
	case STEP_SEND_BYTEWISE: step_send(player, step); break;
	case STEP_AWAIT: step_await(player, step); break;
	case STEP_QUIET: step_quiet(player, step); break;
	case STEP_SIGNAL: step_signal(player, step); break;
	case STEP_STOPPED: step_stopped(player, step); break;
	case STEP_LOG: step_log(player, step); break;
	case STEP_HTTP: step_http(player, step); break;
	case STEP_RUN:
	case STEP_SHOW: step_run(player, step); break;
	case STEP_EXISTS: step_exists(player, step); break;
	case STEP_UNORDERED:
	case STEP_MERGED:
	case STEP_MUTED:
	case STEP_CONFIG:
	case STEP_RECONFIG:
	case STEP_FLAGS:
	case STEP_FILE:
	case STEP_PINGS:
	case STEP_MONITORING:
	case STEP_OFFLINE: break; /* conditions of the whole conversation */
	}
}

static bool is_listed(const struct conversation *talk, enum step_kind kind, int client_index)
{
	for (size_t i = 0; i < talk->steps_len; i++) {
		if (talk->steps[i].kind == kind && talk->steps[i].client == client_index)
			return true;
	}
	return false;
}

static void write_down(struct player *player, int index)
{
	struct support_socket *sock = &player->sockets[index];
	const struct conversation *talk = player->talk;
	size_t first = player->transcript->len;
	if (is_listed(talk, STEP_MUTED, index))
		return;
	transcript_bytes(player->transcript, sock->bytes, sock->len, conversation_has(talk, STEP_PINGS));
	if (is_listed(talk, STEP_UNORDERED, index))
		transcript_sort(player->transcript, first);
}

/* Note the bytes of all clients; those of merged ones together, in the place of the first. */
static void write_down_all(struct player *player)
{
	const struct conversation *talk = player->talk;
	size_t first = player->transcript->len;
	if (conversation_has(talk, STEP_MERGED)) {
		for (int i = 0; i < talk->clients_len; i++) {
			if (is_listed(talk, STEP_MERGED, i))
				write_down(player, i);
		}
		transcript_sort(player->transcript, first);
	}
	for (int i = 0; i < talk->clients_len; i++) {
		if (!is_listed(talk, STEP_MERGED, i)) {
			transcript_note(player->transcript, "— %s", talk->clients[i]);
			write_down(player, i);
		}
		transcript_note(player->transcript, "— %s %s", talk->clients[i],
				player->sockets[i].closed ? "was closed" : "is open");
	}
}

bool play_needs_certificates(const struct conversation *talk)
{
	for (size_t i = 0; i < talk->steps_len; i++)
		if (talk->steps[i].kind == STEP_SECURE ||
		    (talk->steps[i].text && strstr(talk->steps[i].text, "$CERTS")))
			return true;
	return false;
}

/* Give the program the name of the real server, by which a drop-in replacement is called. */
static void link_program(struct player *player)
{
	if (!strchr(player->contender->program, '/')) {
		snprintf(player->program, sizeof(player->program), "%s", player->contender->program);
		return;
	}
	support_tempdir_path(&player->dir, "nats-server", player->program, sizeof(player->program));
	if (symlink(player->contender->program, player->program) < 0)
		support_fail("cannot link %s", player->program);
}

void play(const struct conversation *talk, const struct contender *contender, struct transcript *transcript)
{
	struct player player = {.talk = talk, .contender = contender, .transcript = transcript};
	*transcript = (struct transcript){0};
	for (int i = 0; i < CLIENTS_MAX; i++)
		player.sockets[i].fd = -1;
	support_tempdir_open(&player.dir);
	support_tempdir_open(&player.proxy_dir);
	link_program(&player);
	write_files(&player);
	if (has_config(&player))
		write_config(&player, STEP_CONFIG);
	bool runs = conversation_has(talk, STEP_OFFLINE) || start(&player) == 0;
	if (!runs) {
		transcript_note(transcript, "the server does not start");
		transcript->broken = true;
	}
	for (size_t i = 0; runs && !transcript->broken && i < talk->steps_len; i++)
		take_step(&player, &talk->steps[i]);
	write_down_all(&player);
	for (int i = 0; i < CLIENTS_MAX; i++)
		support_socket_close(&player.sockets[i]);
	if (player.proxy.pid > 0 && support_server_close(&player.proxy) != 0) {
		transcript_note(transcript, "the proxy ended: %d", support_server_exit_status(&player.proxy));
		transcript->broken = true;
	}
	support_server_kill(&player.server);
	support_tempdir_close(&player.proxy_dir);
	support_tempdir_close(&player.dir);
}
