#include "cli/options/replay_settings.h"
#include "cli/options/joining.h"
#include "cli/output/errors.h"
#include "cli/output/times.h"

#include <inttypes.h>
#include <stdio.h>

#include "replay/play/resume.h"

enum { NS_PER_MS = 1000000, CLONES_MAX = 10000 };

#define AT(member) offsetof(struct cli_replay_settings, member)

static const struct cli_option when[] = {
    {.name = "speed",
     .kind = CLI_CALL,
     .argument = "FACTOR",
     .help = "play this many times as fast as recorded: 0.01x to 1000x, or max; default 1x",
     .at = AT(pacing),
     .call = cli_replay_speed},
    {.name = "rate",
     .kind = CLI_CALL,
     .argument = "N",
     .help = "a constant number of messages per second: 1000, 0.5, 20k",
     .at = AT(pacing),
     .call = cli_replay_rate},
    {.name = "bandwidth",
     .kind = CLI_CALL,
     .argument = "SIZE",
     .help = "a constant number of bytes of headers and payloads per second: 10MB",
     .at = AT(pacing),
     .call = cli_replay_bandwidth},
    {.name = "ramp",
     .kind = CLI_CALL,
     .argument = "FROM..TO/DURATION",
     .help = "a rate that changes linearly, then stays constant: 100..5000/30s",
     .at = AT(pacing),
     .call = cli_replay_ramp},
    {.name = "max-gap",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "shorten recorded silences to this; 0s: no silences at all",
     .at = AT(pacing),
     .call = cli_replay_max_gap},
    {.name = "loop",
     .kind = CLI_CALL,
     .argument = "N|forever",
     .help = "play the log N times",
     .at = AT(iterations),
     .call = cli_replay_loop},
    {.name = "duration",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "end the run after this time; more than 0s",
     .at = AT(duration_ns),
     .call = cli_replay_positive_duration},
    {.name = "start-at",
     .kind = CLI_TEXT,
     .argument = "TIME",
     .help = "begin at this moment, so that several machines begin together: +30s, 03:12 (the next one), or "
	     "a date and time",
     .at = AT(start_at)},
    {.name = "precise",
     .kind = CLI_FLAG,
     .help =
	 "watch the clock all the time instead of sleeping until a message is due: more exact, but it uses "
	 "a whole processor",
     .at = AT(precise)},
    {.name = "tolerance",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help =
	 "a message that is sent this long after it was due is late; the run fails when more than one in a "
	 "hundred are late; default 10ms",
     .at = AT(tolerance_ns),
     .call = cli_replay_duration},
    {.name = "on-lag",
     .kind = CLI_CHOICE,
     .argument = "burst|stretch|drop|abort",
     .help = "for a late message: catch up (default), delay the rest of the schedule, do not send it, or "
	     "end the run",
     .at = AT(on_lag)},
    {.name = NULL},
};

static const struct cli_option what[] = {
    {.name = "from",
     .kind = CLI_TEXT,
     .argument = "TIME|+DURATION",
     .help = "play from this time on; +5m: from five minutes into the recording",
     .at = AT(from)},
    {.name = "to",
     .kind = CLI_TEXT,
     .argument = "TIME|+DURATION",
     .help = "play until this time; +5m: until five minutes into the recording",
     .at = AT(to)},
    {.name = "shard",
     .kind = CLI_CALL,
     .argument = "I/N",
     .help = "play the connections of shard I of N",
     .at = AT(shard),
     .call = cli_replay_shard},
    {.name = "internal",
     .kind = CLI_FLAG,
     .help = "also play $SYS, $JS, _R_ and other internal subjects",
     .at = AT(internal)},
    {.name = NULL},
};

static const struct cli_option requests[] = {
    {.name = "requests",
     .kind = CLI_CHOICE,
     .argument = "recorded|live",
     .help = "recorded (default): play requests and replies like other messages; live: send each request "
	     "with a new inbox, wait for its reply, and do not play recorded replies",
     .at = AT(requests)},
    {.name = "verify",
     .kind = CLI_FLAG,
     .help = "compare each live reply with the recorded one; implies --requests live",
     .at = AT(verify)},
    {.name = "ignore",
     .kind = CLI_LIST,
     .argument = "PATH",
     .help = "compare as JSON without this: $.id, $.items[*].at, $..id; may be repeated",
     .at = AT(ignores)},
    {.name = "compare",
     .kind = CLI_CHOICE,
     .argument = "bytes|json",
     .help =
	 "compare replies byte by byte (default), or as JSON: white space and the order of keys do not count",
     .at = AT(compare)},
    {.name = "slower",
     .kind = CLI_CALL,
     .argument = "FACTOR",
     .help = "a reply that takes this many times the recorded time, and at least 1 ms longer, is a mismatch",
     .at = AT(slower),
     .call = cli_replay_factor},
    {.name = "live",
     .kind = CLI_LIST,
     .argument = "SERVICE",
     .help = "this service is running (the name of its connections): do not play its recorded messages; "
	     "implies --requests live; may be repeated",
     .at = AT(live)},
    {.name = "roots",
     .kind = CLI_FLAG,
     .help = "play only messages from outside the services that --live names",
     .at = AT(roots)},
    {.name = NULL},
};

static const struct cli_option rewriting[] = {
    {.name = "map",
     .kind = CLI_LIST,
     .argument = "PATTERN=SUBJECT",
     .help = "rename subjects and reply subjects: 'orders.*.new=stage.orders.$1.new', '>=stage.>'; the first "
	     "rule that matches applies; may be repeated",
     .at = AT(maps)},
    {.name = "add-header",
     .kind = CLI_LIST,
     .argument = "'KEY: VALUE'",
     .help = "add this header; may be repeated",
     .at = AT(add_headers)},
    {.name = "drop-header",
     .kind = CLI_LIST,
     .argument = "KEY",
     .help = "drop this header; KEY* drops all that begin with KEY; may be repeated",
     .at = AT(drop_headers)},
    {.name = "provenance",
     .kind = CLI_FLAG,
     .help = "add headers Tapedeck-Time and Tapedeck-Seq with the recorded time and sequence number",
     .at = AT(provenance)},
    {.name = "clones",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "send each message N times; $clone in --map is 1 to N",
     .min = 1,
     .at = AT(clones)},
    {.name = NULL},
};

static const struct cli_option target[] = {
    {.name = "connections",
     .kind = CLI_CHOICE,
     .argument = "one|recorded",
     .help = "one connection (default), or one for each recorded connection, with its name",
     .at = AT(connections)},
    {.name = "patience",
     .kind = CLI_CALL,
     .argument = "DURATION",
     .help = "how long to wait for a server that is gone; default 10s",
     .at = AT(patience_ns),
     .call = cli_replay_duration},
    {.name = "yes",
     .letter = 'y',
     .kind = CLI_FLAG,
     .help = "allow playing into the server that the log was recorded from",
     .at = AT(yes)},
    {.name = NULL},
};

static const struct cli_option stream[] = {
    {.name = "to-stream",
     .kind = CLI_FLAG,
     .help = "publish to JetStream: await the acknowledgement of each message, and count what was stored; as "
	     "fast as it goes, unless a speed or rate is given",
     .at = AT(to_stream)},
    {.name = "in-flight",
     .kind = CLI_COUNT,
     .argument = "N",
     .help = "messages that may await their acknowledgements at a time, at most 4096; default 512",
     .min = 1,
     .at = AT(window)},
    {.name = "msg-id",
     .kind = CLI_CHOICE,
     .argument = "keep|renew|drop",
     .help =
	 "Nats-Msg-Id: keep it (default), so that a stream discards what it has already; renew it, so that "
	 "the stream stores the message again; or drop it",
     .at = AT(ids)},
    {.name = "expected",
     .kind = CLI_CHOICE,
     .argument = "drop|keep",
     .help =
	 "headers Nats-Expected-..., by which a stream refuses messages when it is in another state: drop "
	 "them (default) or keep them",
     .at = AT(expected)},
    {.name = "resume",
     .kind = CLI_TEXT,
     .argument = "FILE",
     .help = "note in this file how far the run has come, and begin after what it says",
     .at = AT(resume)},
    {.name = NULL},
};

static const struct cli_option output[] = {
    {.name = "dry-run", .kind = CLI_FLAG, .help = "print what would be played, and end", .at = AT(dry_run)},
    {.name = "no-fold",
     .kind = CLI_FLAG,
     .help = "with --dry-run: count each inbox by itself; default: all as _INBOX.>",
     .at = AT(no_fold)},
    {.name = "json",
     .kind = CLI_FLAG,
     .help = "print the report as one JSON object; keys: docs/replaying.md",
     .at = AT(json)},
    {.name = NULL},
};

const struct cli_option_group cli_replay_groups[] = {
    {"When", when, 0},
    {"What", what, 0},
    {"Which events", cli_filter_options, AT(filters)},
    {"Which events", cli_seq_options, AT(filters)},
    {"Which events", cli_joining_options, AT(no_join)},
    {"Requests", requests, 0},
    {"Rewriting", rewriting, 0},
    {"Where to", target, 0},
    {"To a stream", stream, 0},
    {"Connection", cli_connection_options, AT(connection)},
    {"Output", output, 0},
    {0},
};

void cli_replay_settings_init(struct cli_replay_settings *settings)
{
	*settings = (struct cli_replay_settings){
	    .iterations = 1,
	    .tolerance_ns = 10 * NS_PER_MS,
	    .patience_ns = 10000LL * NS_PER_MS,
	    .shard = {0, 1},
	    .clones = 1,
	    .window = 512,
	};
	cli_connection_init(&settings->connection);
}

void cli_replay_settings_fini(struct cli_replay_settings *settings)
{
	cli_filters_fini(&settings->filters);
	cli_list_fini(&settings->live);
	cli_list_fini(&settings->ignores);
	cli_list_fini(&settings->maps);
	cli_list_fini(&settings->add_headers);
	cli_list_fini(&settings->drop_headers);
}

bool cli_replay_settings_live(const struct cli_replay_settings *settings)
{
	return settings->requests == 1 || settings->verify || settings->live.len > 0;
}

static int check_requests(const struct cli_command *command, const struct cli_replay_settings *settings)
{
	if (settings->roots && settings->live.len == 0)
		return cli_usage_error(command, "--roots: which services are live? Name them with --live");
	if (!settings->verify && (settings->ignores.len > 0 || settings->slower > 0 || settings->compare > 0))
		return cli_usage_error(command, "--ignore, --compare and --slower need --verify");
	if (settings->verify && settings->clones > 1)
		return cli_usage_error(command, "--verify and --clones exclude each other");
	return CLI_GO_ON;
}

/* Each message goes to the stream once, over one connection, in order. */
static int check_stream(const struct cli_command *command, const struct cli_replay_settings *settings)
{
	if (!settings->to_stream && (settings->ids || settings->expected || settings->resume))
		return cli_usage_error(command, "--msg-id, --expected and --resume need --to-stream");
	if (!settings->to_stream)
		return CLI_GO_ON;
	if (settings->window > REPLAY_ACKS_WINDOW_MAX)
		return cli_usage_error(command, "--in-flight must be at most %d", REPLAY_ACKS_WINDOW_MAX);
	if (cli_replay_settings_live(settings) || settings->connections > 0 || settings->clones > 1)
		return cli_usage_error(command,
				       "--to-stream excludes live requests, --connections recorded and "
				       "--clones");
	if (settings->resume && settings->iterations != 1)
		return cli_usage_error(command, "--resume and --loop exclude each other");
	if (settings->resume && settings->ids == 1)
		return cli_usage_error(command,
				       "--resume and --msg-id renew exclude each other: the stream could "
				       "not recognize what is sent again");
	return CLI_GO_ON;
}

/* Headers by which a stream decides whether it stores a message. 0 or -ENOMEM. */
static int settle_headers(struct cli_replay_settings *settings)
{
	int error = 0;

	if (!settings->to_stream)
		return 0;
	if (settings->ids == 1)
		snprintf(settings->renewed, sizeof(settings->renewed), ".%" PRIx64, (uint64_t)cli_now_ns());
	if (settings->ids == 2)
		error = cli_list_add(&settings->drop_headers, "Nats-Msg-Id");
	if (!error && settings->expected == 0)
		error = cli_list_add(&settings->drop_headers, "Nats-Expected-*");
	return error;
}

static int settle_stream(const struct cli_command *command, struct cli_replay_settings *settings)
{
	const struct cli_replay_plan *pacing = &settings->pacing;
	struct wire_fault fault;

	if (settings->to_stream && !pacing->has_speed && !pacing->has_rate && !pacing->has_bandwidth &&
	    !pacing->has_ramp)
		(void)cli_replay_speed(&settings->pacing, "max", &fault);
	if (settle_headers(settings) != 0) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	if (settings->resume && replay_resume_read(settings->resume, &settings->resumed_after, &fault) != 0)
		return cli_usage_error(command, "--resume: %s", fault.text);
	return CLI_GO_ON;
}

int cli_replay_settings_check(const struct cli_command *command, struct cli_replay_settings *settings)
{
	struct wire_fault fault;
	int status = check_stream(command, settings);

	if (status == CLI_GO_ON)
		status = settle_stream(command, settings);
	if (status != CLI_GO_ON)
		return status;
	if (cli_replay_plan_settle(&settings->pacing, &fault) != 0)
		return cli_usage_error(command, "%s", fault.text);
	if (settings->clones > CLONES_MAX)
		return cli_usage_error(command, "--clones must be at most %d", CLONES_MAX);
	if (settings->filters.kinds.len > 0)
		return cli_usage_error(command, "--kind cannot be used here: only messages are played");
	if ((settings->from && settings->filters.since) || (settings->to && settings->filters.until))
		return cli_usage_error(
		    command, "--from and --since, --to and --until mean the same here: give one of them");
	if (settings->no_fold && !settings->dry_run)
		return cli_usage_error(command, "--no-fold belongs to --dry-run");
	return check_requests(command, settings);
}

void cli_replay_settings_apply(const struct cli_replay_settings *settings,
			       struct replay_player_options *options)
{
	*options = (struct replay_player_options){
	    .select = {.live = settings->live.values,
		       .internal = settings->internal,
		       .after_seq = settings->resumed_after,
		       .shard = settings->shard.shard,
		       .shards = settings->shard.shards},
	    .rewrite = {.maps = settings->maps.values,
			.add_headers = settings->add_headers.values,
			.drop_headers = settings->drop_headers.values,
			.renew_id = settings->renewed[0] ? settings->renewed : NULL,
			.provenance = settings->provenance,
			.clones = (uint32_t)settings->clones},
	    .plan = settings->pacing.plan,
	    .iterations = settings->iterations,
	    .origin_ns = INT64_MIN,
	    .duration_ns = settings->duration_ns,
	    .on_lag = (enum replay_on_lag)settings->on_lag,
	    .tolerance_ns = settings->tolerance_ns,
	    .precise = settings->precise,
	    .patience_ns = settings->patience_ns,
	    .name = cli_connection_name(&settings->connection, "tapedeck replay"),
	    .acks_low_water = settings->window / 2,
	    .resume_path = settings->resume,
	};
}
