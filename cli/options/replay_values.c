#include "cli/options/replay_values.h"
#include "cli/options/values.h"
#include "cli/output/errors.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Read a decimal number without sign, exponent or blanks. Returns its end, or NULL. */
static const char *read_number(const char *text, double *number)
{
	size_t digits = strspn(text, "0123456789"), len = digits;

	if (text[len] == '.' && isdigit((unsigned char)text[len + 1])) /* not the ".." of a ramp */
		len += 1 + strspn(text + len + 1, "0123456789");
	if (digits == 0 || len > 40)
		return NULL;
	*number = strtod(text, NULL);
	return text + len;
}

static bool is_factor_end(const char *end)
{
	return *end == '\0' || strcasecmp(end, "x") == 0;
}

int cli_replay_factor(void *factor, const char *text, struct wire_fault *fault)
{
	double number;
	const char *end = read_number(text, &number);

	if (!end || !is_factor_end(end) || number <= 0)
		return wire_fault_set(fault, -EINVAL, "is not a factor; write for example 2x");
	*(double *)factor = number;
	return 0;
}

int cli_replay_speed(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_plan *plan = context;
	double number;
	const char *end = read_number(text, &number);

	plan->has_speed = true;
	if (strcmp(text, "max") == 0) {
		plan->plan.pacing = REPLAY_FASTEST;
		return 0;
	}
	if (!end || !is_factor_end(end))
		return wire_fault_set(fault, -EINVAL,
				      "is not a speed; write for example 1x, 2.5x, 0.1x or max");
	double millionths = round(number * REPLAY_SPEED_ONE);
	if (millionths < REPLAY_SPEED_MIN || millionths > REPLAY_SPEED_MAX)
		return wire_fault_set(fault, -EINVAL, "is not between 0.01x and 1000x, or max");
	plan->plan.pacing = REPLAY_AS_RECORDED;
	plan->plan.speed = (uint64_t)millionths;
	return 0;
}

/* Read a rate (1000, 0.5, 10k, 2M) at *text, which is advanced past it. Sets thousandths. */
static bool read_rate(const char **text, uint64_t *rate)
{
	double number, factor = 1;
	const char *end = read_number(*text, &number);

	if (!end)
		return false;
	if (*end == 'k' || *end == 'M') {
		factor = *end == 'k' ? 1e3 : 1e6;
		end++;
	}
	double thousandths = round(number * factor * REPLAY_RATE_ONE);
	if (thousandths > 1e15)
		return false;
	*rate = (uint64_t)thousandths;
	*text = end;
	return true;
}

static bool is_per_second(const char *end)
{
	return *end == '\0' || strcmp(end, "/s") == 0;
}

int cli_replay_rate(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_plan *plan = context;
	const char *end = text;

	plan->has_rate = true;
	if (!read_rate(&end, &plan->plan.rate) || !is_per_second(end) || plan->plan.rate == 0)
		return wire_fault_set(
		    fault, -EINVAL,
		    "is not a rate of messages per second; write for example 1000, 0.5 or 20k/s");
	return 0;
}

int cli_replay_bandwidth(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_plan *plan = context;
	char size[64] = "";
	size_t len = strcspn(text, "/");

	plan->has_bandwidth = true;
	if (len < sizeof(size) && is_per_second(text + len)) {
		memcpy(size, text, len);
		if (cli_parse_bytes(size, &plan->plan.bytes_per_second, fault) == 0 &&
		    plan->plan.bytes_per_second > 0)
			return 0;
	}
	return wire_fault_set(fault, -EINVAL,
			      "is not a number of bytes per second; write for example 10MB/s");
}

int cli_replay_ramp(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_plan *plan = context;
	const char *end = text;

	plan->has_ramp = true;
	if (read_rate(&end, &plan->plan.rate) && strncmp(end, "..", 2) == 0) {
		end += 2;
		if (read_rate(&end, &plan->plan.ramp_to) && plan->plan.ramp_to > 0 && *end == '/' &&
		    cli_parse_duration_ns(end + 1, &plan->plan.ramp_ns, fault) == 0 && plan->plan.ramp_ns > 0)
			return 0;
	}
	return wire_fault_set(fault, -EINVAL, "is not a ramp; write for example 100..5000/30s");
}

int cli_replay_loop(void *iterations, const char *text, struct wire_fault *fault)
{
	char *end;

	*(uint64_t *)iterations = 0;
	if (strcmp(text, "forever") == 0)
		return 0;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	if (strspn(text, "0123456789") == 0 || *end || errno || number == 0)
		return wire_fault_set(fault, -EINVAL, "is neither a count from 1 nor \"forever\"");
	*(uint64_t *)iterations = number;
	return 0;
}

int cli_replay_shard(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_shard *shard = context;
	char *slash, *end;
	unsigned long number = strtoul(text, &slash, 10), count = 0;

	if (slash != text && *slash == '/')
		count = strtoul(slash + 1, &end, 10);
	if (count == 0 || *end || number == 0 || number > count || count > 65536 || text[0] == '-')
		return wire_fault_set(fault, -EINVAL,
				      "is not a shard; write 1/4, 2/4, 3/4 and 4/4 for four players");
	*shard = (struct cli_replay_shard){.shard = (uint32_t)number - 1, .shards = (uint32_t)count};
	return 0;
}

int cli_replay_duration(void *ns, const char *text, struct wire_fault *fault)
{
	return cli_parse_duration_ns(text, ns, fault);
}

int cli_replay_positive_duration(void *ns, const char *text, struct wire_fault *fault)
{
	int error = cli_parse_duration_ns(text, ns, fault);

	return error == 0 && *(int64_t *)ns == 0 ? wire_fault_set(fault, -EINVAL, "must be more than 0")
						 : error;
}

int cli_replay_max_gap(void *context, const char *text, struct wire_fault *fault)
{
	struct cli_replay_plan *plan = context;

	plan->plan.shortens_gaps = true;
	return cli_parse_duration_ns(text, &plan->plan.max_gap_ns, fault);
}

int cli_replay_plan_settle(struct cli_replay_plan *plan, struct wire_fault *fault)
{
	if (plan->has_speed + plan->has_rate + plan->has_bandwidth + plan->has_ramp > 1)
		return wire_fault_set(fault, -EINVAL,
				      "--speed, --rate, --bandwidth and --ramp exclude each other");
	if (plan->has_rate)
		plan->plan.pacing = REPLAY_AT_RATE;
	if (plan->has_bandwidth)
		plan->plan.pacing = REPLAY_AT_BANDWIDTH;
	if (plan->has_ramp)
		plan->plan.pacing = REPLAY_RAMPED;
	if (plan->plan.speed == 0)
		plan->plan.speed = REPLAY_SPEED_ONE;
	return 0;
}

int cli_replay_compare(const struct cli_command *command, bool as_json, const struct cli_list *ignores,
		       struct replay_compare **compare)
{
	struct wire_fault fault;

	*compare = replay_compare_open();
	if (!*compare) {
		cli_error(command, "out of memory");
		return CLI_IO;
	}
	if (as_json)
		replay_compare_as_json(*compare);
	for (size_t i = 0; i < ignores->len; i++)
		if (replay_compare_ignore(*compare, ignores->values[i], &fault) != 0)
			return cli_usage_error(command, "--ignore: %s", fault.text);
	return CLI_GO_ON;
}
