#include "cli/options/replay_settings.h"
#include "cli/options/joining.h"
#include "cli/output/errors.h"

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
    {.name = "connection-name",
     .kind = CLI_TEXT,
     .argument = "NAME",
     .help = "name of the connection; default \"tapedeck replay\"",
     .at = AT(name)},
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
	    .name = "tapedeck replay",
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

int cli_replay_settings_check(const struct cli_command *command, struct cli_replay_settings *settings)
{
	struct wire_fault fault;

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
		       .shard = settings->shard.shard,
		       .shards = settings->shard.shards},
	    .rewrite = {.maps = settings->maps.values,
			.add_headers = settings->add_headers.values,
			.drop_headers = settings->drop_headers.values,
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
	    .name = settings->name,
	};
}
