/* The grammar of rules: what is accepted, what is refused with which hint, files of rules, keys, reports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "wire/mask/rule.h"

static const char key[] = "000102030405060708090a0b0c0d0e0f\n";

struct accepted {
	enum wire_mask_option option;
	const char *text;
	enum wire__mask_kind kind;
	enum wire__mask_action action;
	const char *subject, *rule; /* rule: its text */
	const char *name;
};

static void rules_are_read(void **state)
{
	(void)state;
	static const struct accepted cases[] = {
	    {WIRE_MASK_VALUE, "$.card", WIRE__MASK_JSON, WIRE__MASK_REDACT, NULL, "$.card", "$.card"},
	    {WIRE_MASK_VALUE, "$..iban=hash", WIRE__MASK_JSON, WIRE__MASK_HASH, NULL, "$..iban",
	     "$..iban=hash"},
	    {WIRE_MASK_VALUE, "$['a=b:c']=drop", WIRE__MASK_JSON, WIRE__MASK_DROP, NULL, "$['a=b:c']",
	     "$['a=b:c']=drop"},
	    {WIRE_MASK_VALUE, "orders.>:$.items[*].price", WIRE__MASK_JSON, WIRE__MASK_REDACT, "orders.>",
	     "$.items[*].price", "orders.>:$.items[*].price"},
	    {WIRE_MASK_VALUE, "$JS.API.>:$..['odd key']", WIRE__MASK_JSON, WIRE__MASK_REDACT, "$JS.API.>",
	     "$..['odd key']", "$JS.API.>:$..['odd key']"},
	    {WIRE_MASK_VALUE, "$['header:x']", WIRE__MASK_JSON, WIRE__MASK_REDACT, NULL, "$['header:x']",
	     "$['header:x']"},
	    {WIRE_MASK_VALUE, "header:Authorization", WIRE__MASK_HEADER, WIRE__MASK_REDACT, NULL,
	     "Authorization", "header:Authorization"},
	    {WIRE_MASK_VALUE, "a:b.*:header:X-Token=drop", WIRE__MASK_HEADER, WIRE__MASK_DROP, "a:b.*",
	     "X-Token", "a:b.*:header:X-Token=drop"},
	    {WIRE_MASK_PAYLOAD, "users.>", WIRE__MASK_PAYLOAD, WIRE__MASK_REDACT, "users.>", NULL,
	     "payload users.>"},
	    {WIRE_MASK_PAYLOAD, "a=b=drop", WIRE__MASK_PAYLOAD, WIRE__MASK_DROP, "a=b", NULL,
	     "payload a=b=drop"},
	    {WIRE_MASK_REGEX, "[0-9]{16}", WIRE__MASK_REGEX, WIRE__MASK_REDACT, NULL, "[0-9]{16}",
	     "regex of here"},
	    {WIRE_MASK_REGEX, "password=\\w+=hash", WIRE__MASK_REGEX, WIRE__MASK_HASH, NULL, "password=\\w+",
	     "regex of here"},
	    {WIRE_MASK_REGEX, "/Bearer: (\\w+)/", WIRE__MASK_REGEX, WIRE__MASK_REDACT, NULL, "Bearer: (\\w+)",
	     "regex of here"},
	    {WIRE_MASK_REGEX, "orders.>:/a/b:/c/=drop", WIRE__MASK_REGEX, WIRE__MASK_DROP, "orders.>",
	     "a/b:/c", "regex of here"},
	    {WIRE_MASK_REGEX, "(?i:secret)", WIRE__MASK_REGEX, WIRE__MASK_REDACT, NULL, "(?i:secret)",
	     "regex of here"},
	    {WIRE_MASK_SUBJECT, "users.*.profile=2", WIRE__MASK_SUBJECT, WIRE__MASK_REDACT, "users.*.profile",
	     NULL, "subject users.*.profile=2"},
	    {WIRE_MASK_SUBJECT, "users.>=3=hash", WIRE__MASK_SUBJECT, WIRE__MASK_HASH, "users.>", NULL,
	     "subject users.>=3"},
	    {WIRE_MASK_SUBJECT, "users.bob.profile=2", WIRE__MASK_SUBJECT, WIRE__MASK_REDACT,
	     "users.bob.profile", NULL, "subject users.*.profile=2"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_fault fault = {.text = ""};
		struct wire__mask_rule *rule =
		    wire__mask_rule_open(cases[i].option, cases[i].text, "here", &fault);
		if (!rule)
			fail_msg("%s: %s", cases[i].text, fault.text);
		assert_int_equal(rule->kind, cases[i].kind);
		assert_int_equal(rule->action, cases[i].action);
		assert_string_equal(rule->subject ? rule->subject : "-",
				    cases[i].subject ? cases[i].subject : "-");
		assert_string_equal(rule->text ? rule->text : "-", cases[i].rule ? cases[i].rule : "-");
		assert_string_equal(rule->name, cases[i].name);
		wire__mask_rule_close(rule);
	}
}

static void what_is_no_rule_is_refused_with_a_hint(void **state)
{
	(void)state;
	static const struct {
		enum wire_mask_option option;
		const char *text, *hint;
	} cases[] = {
	    {WIRE_MASK_VALUE, "", "is empty"},
	    {WIRE_MASK_VALUE, "card", "write $.card"},
	    {WIRE_MASK_VALUE, "$", "write $.card"},
	    {WIRE_MASK_VALUE, "$.", "--mask-payload masks whole payloads"},
	    {WIRE_MASK_VALUE, "$.card=hsah", "write =redact, =drop or =hash"},
	    {WIRE_MASK_VALUE, "$.a=b", "$['a=b']"},
	    {WIRE_MASK_VALUE, "$.a[", "is not a JSON path"},
	    {WIRE_MASK_VALUE, "or ders:$.card", "is not a subject"},
	    {WIRE_MASK_VALUE, "header:", "write header:NAME"},
	    {WIRE_MASK_VALUE, "header:A:B", "write header:NAME"},
	    {WIRE_MASK_VALUE, "header:A=drip", "\"=drip\" is not an action"},
	    {WIRE_MASK_PAYLOAD, "users.>=hide", "=redact, =drop or =hash"},
	    {WIRE_MASK_PAYLOAD, "users..x", "is not a subject"},
	    {WIRE_MASK_REGEX, "orders.>:secret", "SUBJECT:/RE/ or /RE/"},
	    {WIRE_MASK_REGEX, "Bearer: .*", "SUBJECT:/RE/ or /RE/"},
	    {WIRE_MASK_REGEX, "a(", "at character"},
	    {WIRE_MASK_REGEX, "//", "empty"},
	    {WIRE_MASK_SUBJECT, "users.*.profile", "write SUBJECT=N"},
	    {WIRE_MASK_SUBJECT, "users.*.profile=0", "write SUBJECT=N"},
	    {WIRE_MASK_SUBJECT, "users.*.profile=4", "has no token 4"},
	    {WIRE_MASK_SUBJECT, "users.*.profile=hash", "write SUBJECT=N"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_mask *mask = wire_mask_open();
		struct wire_fault fault = {.text = ""};
		int error = wire_mask_add(mask, cases[i].option, cases[i].text, &fault);
		if (error >= 0 || !strstr(fault.text, cases[i].hint))
			fail_msg("\"%s\": %d, \"%s\"", cases[i].text, error, fault.text);
		wire_mask_close(mask);
	}
}

static void add_lines(struct wire_mask *mask, const char *text, int wanted, struct wire_fault *fault)
{
	*fault = (struct wire_fault){.text = ""};
	int error = wire_mask_add_lines(mask, wire_slice_str(text), "masks.txt", fault);
	if ((error < 0) != (wanted < 0))
		fail_msg("%d, %s", error, fault->text);
}

static void each_line_of_a_file_is_a_rule(void **state)
{
	(void)state;
	struct wire_mask *mask = wire_mask_open();
	struct wire_fault fault;
	add_lines(mask,
		  "# what is secret\n\n  $.card  \r\npayload users.>\nregex  a b+ \nsubject users.*=2\n"
		  "payload:$.x\nheader:A=drop",
		  0, &fault);
	assert_int_equal(wire_mask_rules(mask), 6);
	wire_mask_close(mask);
}

static void a_fault_in_a_file_names_the_line(void **state)
{
	(void)state;
	struct wire_mask *mask = wire_mask_open();
	struct wire_fault fault;
	add_lines(mask, "$.card\n# two\n$.a=b\n", -1, &fault);
	assert_non_null(strstr(fault.text, "masks.txt:3: \"$.a=b\" "));
	assert_non_null(strstr(fault.text, "is not an action"));
	wire_mask_close(mask);
}

static void a_hash_needs_a_key(void **state)
{
	(void)state;
	struct wire_mask *mask = wire_mask_open();
	struct wire_fault fault;
	assert_int_equal(wire_mask_add(mask, WIRE_MASK_VALUE, "$.a=hash", &fault), 0);
	assert_true(wire_mask_check(mask, &fault) < 0);
	assert_non_null(strstr(fault.text, "--mask-key FILE"));
	assert_true(wire_mask_set_key(mask, WIRE_LITERAL("123"), &fault) < 0);
	assert_non_null(strstr(fault.text, "openssl rand -hex 16"));
	assert_int_equal(wire_mask_set_key(mask, wire_slice_str(key), &fault), 0);
	assert_int_equal(wire_mask_check(mask, &fault), 0);
	wire_mask_close(mask);
}

static void too_many_rules_are_refused(void **state)
{
	(void)state;
	struct wire_mask *mask = wire_mask_open();
	struct wire_fault fault;
	for (int i = 0; i < WIRE__MASK_RULES_MAX; i++)
		assert_int_equal(wire_mask_add(mask, WIRE_MASK_VALUE, "$.a", &fault), 0);
	assert_true(wire_mask_add(mask, WIRE_MASK_VALUE, "$.a", &fault) < 0);
	wire_mask_close(mask);
}

static void paths_with_too_many_steps_are_refused(void **state)
{
	(void)state;
	struct wire_mask *mask = wire_mask_open();
	struct wire_fault fault;
	int error = 0, count = 0;
	while (error == 0 && count < WIRE__MASK_RULES_MAX)
		if ((error = wire_mask_add(mask, WIRE_MASK_VALUE, "$.a.b.c.d.e.f.g.h.i.j", &fault)) == 0)
			count++;
	assert_true(error < 0);
	assert_int_equal(count, WIRE__MASK_STEP_WORDS * (64 / 10));
	wire_mask_close(mask);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rules_are_read),
	    cmocka_unit_test(what_is_no_rule_is_refused_with_a_hint),
	    cmocka_unit_test(each_line_of_a_file_is_a_rule),
	    cmocka_unit_test(a_fault_in_a_file_names_the_line),
	    cmocka_unit_test(a_hash_needs_a_key),
	    cmocka_unit_test(too_many_rules_are_refused),
	    cmocka_unit_test(paths_with_too_many_steps_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
