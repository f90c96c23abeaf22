#include "cli/output/local_time.h"

#define NS_PER_SECOND INT64_C(1000000000)

enum { DAY_S = 86400 };

static int64_t offset_at(int64_t second)
{
	struct tm tm;
	time_t time = (time_t)second;

	localtime_r(&time, &tm);
	return tm.tm_gmtoff;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t cli_local_seconds(struct tm *tm, bool takes_later, struct cli_time_doubt *doubt)
{
	int64_t as_utc = timegm(tm);
	int64_t before_s = offset_at(as_utc - DAY_S), after_s = offset_at(as_utc + DAY_S);
	int64_t by_before = as_utc - before_s, by_after = as_utc - after_s;
	bool is_before = offset_at(by_before) == before_s, is_after = offset_at(by_after) == after_s;

	*doubt = (struct cli_time_doubt){.certainty = CLI_TIME_CERTAIN};
	if (before_s == after_s || is_before != is_after)
		return is_before ? by_before : by_after;
	doubt->certainty = is_before ? CLI_TIME_TWICE : CLI_TIME_SKIPPED;
	doubt->earlier_ns = earlier(by_before, by_after) * NS_PER_SECOND;
	doubt->later_ns = later(by_before, by_after) * NS_PER_SECOND;
	return takes_later ? later(by_before, by_after) : earlier(by_before, by_after);
}
