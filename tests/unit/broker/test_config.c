/* The configuration syntax, and the options it sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/config/config.h"
#include "broker/config/parse.h"

static struct wire_fault fault;
static char reported[20][500];
static int reported_len;

static void tell(void *context, const char *line)
{
	(void)context;
	if (reported_len < 20)
		snprintf(reported[reported_len++], sizeof *reported, "%s", line);
}

static json_t *parse(const char *text)
{
	fault = (struct wire_fault){0};
	return broker_config_parse(text, strlen(text), "test.conf", "/", &fault);
}

/* The value of a member at the top. Borrowed. */
static const json_t *member(json_t *config, const char *key)
{
	return json_object_get(json_object_get(json_object_get(config, "value"), key), "value");
}

/* Apply text to fresh options; finish with broker_options_fini. */
static int apply(const char *text, struct broker_options *options)
{
	broker_options_init(options);
	reported_len = 0;
	json_t *config = parse(text);
	if (!config)
		return fault.code;
	int result = broker_config_apply(config, options, tell, NULL, &fault);
	json_decref(config);
	return result;
}

static void assert_fault(const char *text, const char *message)
{
	struct broker_options options;
	assert_true(apply(text, &options) < 0);
	broker_options_fini(&options);
	if (!strstr(fault.text, message))
		fail_msg("for <%s>: <%s> does not hold <%s>", text, fault.text, message);
}

static void scalars_take_their_types(void **state)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
	    {"k: 12", "12"},
	    {"k = -3", "-3"},
	    {"k 1k", "1000"},
	    {"k: 1KB", "1024"},
	    {"k: 2mib;", "2097152"},
	    {"k: 1g # one", "1000000000"},
	    {"k: 1.5", "1.5"},
	    {"k: yes", "true"},
	    {"k: OFF", "false"},
	    {"k: abc", "\"abc\""},
	    {"k: \"a b\\x41\\t\"", "\"a bA\\t\""},
	    {"k: 'a\\b'", "\"a\\\\b\""},
	    {"k: a\\x41b", "\"aAb\""},
	    {"k: 127.0.0.1:4222", "\"127.0.0.1:4222\""},
	    {"k: 1.2.3", "\"1.2.3\""},
	    {"k: 30s", "\"30s\""},
	    {"k: nats://host:1", "\"nats://host:1\""},
	    {"k: 2026-01-31T12:00:00Z", "\"2026-01-31T12:00:00Z\""},
	    {"k: $2a$11$W2zko751KUvVy59mUTWmpO", "\"$2a$11$W2zko751KUvVy59mUTWmpO\""},
	    {"\"k\": 1, ", "1"},
	    {"{\"k\": 1}", "1"},
	    {"k: (\nline ) one\n)\n", "\"\\nline ) one\\n\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *config = parse(cases[i].text);
		if (!config)
			fail_msg("<%s>: %s", cases[i].text, fault.text);
		char *json =
		    json_dumps(member(config, "k"), JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
		assert_string_equal(json, cases[i].json);
		free(json);
		json_decref(config);
	}
}

static void lists_and_blocks_nest_with_commas_or_newlines(void **state)
{
	(void)state;
	json_t *config =
	    parse("a [1, 2,\n 3 # three\n 4] // end\nb {\n c: [ {d: 1}, {d: 2} ]\n e = x }\nf: []\ng {}");
	assert_non_null(config);
	assert_int_equal(json_array_size(member(config, "a")), 4);
	assert_int_equal(json_object_size(member(config, "b")), 2);
	assert_true(json_is_array(member(config, "f")));
	assert_true(json_is_object(member(config, "g")));
	json_decref(config);
}

static void variables_come_from_enclosing_blocks_then_the_environment(void **state)
{
	(void)state;
	setenv("TAPEDECK_TEST_PORT", "4321", 1);
	json_t *config = parse("P: 1\nb { Q: 2, c: [ $P, $Q, $TAPEDECK_TEST_PORT ] }");
	assert_non_null(config);
	const json_t *list = json_object_get(json_object_get(member(config, "b"), "c"), "value");
	const int expected[] = {1, 2, 4321};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(json_integer_value(json_object_get(json_array_get(list, i), "value")),
				 expected[i]);
	json_decref(config);
	setenv("TAPEDECK_TEST_PORT", "$TAPEDECK_TEST_PORT", 1);
	assert_null(parse("a: $TAPEDECK_TEST_PORT"));
	assert_non_null(strstr(fault.text, "refers to itself"));
	unsetenv("TAPEDECK_TEST_PORT");
	assert_null(parse("\na: $TAPEDECK_TEST_PORT"));
	assert_non_null(strstr(fault.text, "test.conf:2: variable $TAPEDECK_TEST_PORT is not set"));
}

static void malformed_text_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"a: 1\nb: \"x", "test.conf:2: the string that begins here has no closing \""},
	    {"a: {\n b: 1\n", "test.conf:3: a block has no closing '}'"},
	    {"a: [1,\n 2\n", "test.conf:3: a list has no closing ']'"},
	    {"a:\nport: 1", "test.conf:1: expected a value here"},
	    {"a", "test.conf:1: expected a value here"},
	    {"\n\na: b c", "test.conf:3: expected the end of the line after a value, found 'c'"},
	    {"a: \"\\q\"", "invalid escape"},
	    {"a: \"\\x00\"", "invalid escape"},
	    {"a: 99999999999999999999", "out of range"},
	    {"a: 10e", "out of range"},
	    {"= 1", "expected a key"},
	    {"} a: 1", "expected a key"},
	    {"{a: 1} b: 2", "unexpected 'b'"},
	    {"a: ( x", "block string"},
	    {"include [1]", "include: expected a file name"},
	    {"include none.conf", "cannot include \"//none.conf\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *config = parse(cases[i].text);
		assert_null(config);
		if (!strstr(fault.text, cases[i].message))
			fail_msg("for <%s>: <%s> does not hold <%s>", cases[i].text, fault.text,
				 cases[i].message);
	}
}

static void nesting_is_bounded(void **state)
{
	(void)state;
	char text[100001];
	memset(text, '[', sizeof text);
	memcpy(text, "a: ", 3);
	text[sizeof text - 1] = '\0';
	assert_null(parse(text));
	assert_non_null(strstr(fault.text, "nested"));
	for (size_t i = 0; i + 2 < sizeof text; i += 2)
		memcpy(text + i, "a{", 2);
	assert_null(parse(text));
	assert_non_null(strstr(fault.text, "nested"));
}

/* No prefix of a configuration crashes, and the parser does not read past its end. */
static void every_prefix_is_parsed_or_refused(void **state)
{
	(void)state;
	const char *text =
	    "a: 1k, b { c [ \"x\\x41\", 'y', $HOME ] } // z\n(k): (\nq\n)\ninclude 'x'\nd: -1.5 e: $2a$1";
	for (size_t len = 0; len <= strlen(text); len++) {
		char *copy = malloc(len ? len : 1);
		memcpy(copy, text, len);
		json_decref(broker_config_parse(copy, len, "test.conf", "/nowhere", &fault));
		free(copy);
	}
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void remove_file(const char *dir, const char *name)
{
	char path[300];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	unlink(path);
}

static void includes_are_relative_to_their_file_and_circles_are_refused(void **state)
{
	(void)state;
	char dir[200], path[300], sub[300];
	snprintf(dir, sizeof dir, "%s/config-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/main.conf", dir);
	snprintf(sub, sizeof sub, "%s/sub", dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	write_file(dir, "main.conf", "port: 1\nauthorization { include sub/users.conf }\n");
	write_file(dir, "sub/users.conf", "token: secret\ninclude 'more.conf'\n");
	write_file(dir, "sub/more.conf", "timeout: 3\n");
	struct broker_options options;
	broker_options_init(&options);
	assert_int_equal(broker_config_load(path, &options, tell, NULL, &fault), 0);
	assert_string_equal(options.token, "secret");
	assert_int_equal(options.auth_timeout_ms, 3000);
	assert_string_equal(options.config_path, path);
	write_file(dir, "sub/more.conf", "include ../main.conf\n");
	assert_true(broker_config_load(path, &options, tell, NULL, &fault) < 0);
	assert_non_null(strstr(fault.text, "circular"));
	broker_options_fini(&options);
	remove_file(dir, "sub/more.conf");
	remove_file(dir, "sub/users.conf");
	remove_file(dir, "main.conf");
	rmdir(sub);
	rmdir(dir);
}

static void keys_set_the_options(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(
	    apply(
		"listen: \"[::1]:4333\"\nhttp: 8333\nServer_Name: n1\nmax_payload: 2MB\nmax_pending "
		"8MB\nmax_pending_total 20MB\n"
		"max_connections: -1\nmax_subs: 10\nping_interval: \"90s\"\nping_max: 4\nwrite_deadline: 5\n"
		"lame_duck_duration: 1h30m\nlame_duck_grace_period: 2m\ndebug: true\nlogtime: no\n"
		"log_file: /l\npid_file: /p\nports_file_dir: /d\nno_header_support: on\nmax_control_line: "
		"1k\n",
		&o),
	    0);
	assert_string_equal(o.host, "::1");
	assert_int_equal(o.port, 4333);
	assert_int_equal(o.http_port, 8333);
	assert_null(o.http_host);
	assert_string_equal(o.server_name, "n1");
	assert_int_equal(o.max_payload, 2 << 20);
	assert_int_equal(o.max_pending, 8 << 20);
	assert_int_equal(o.max_pending_total, 20 << 20);
	assert_int_equal(o.max_connections, UINT32_MAX);
	assert_int_equal(o.max_subscriptions, 10);
	assert_int_equal(o.ping_interval_ms, 90000);
	assert_int_equal(o.ping_max, 4);
	assert_int_equal(o.write_deadline_ms, 5000);
	assert_int_equal(o.lame_duck_duration_ms, 5400000);
	assert_int_equal(o.lame_duck_grace_ms, 120000); /* unquoted: not two million seconds */
	assert_true(o.debug);
	assert_false(o.log_time);
	assert_string_equal(o.log_path, "/l");
	assert_string_equal(o.pid_path, "/p");
	assert_string_equal(o.ports_file_dir, "/d");
	assert_true(o.no_header_support);
	assert_int_equal(o.max_control_line, 1000);
	assert_int_equal(reported_len, 0);
	broker_options_fini(&o);
}

static void zero_means_the_default(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(
	    apply("port: 0, max_payload: 0, max_connections: 0, ping_interval: 0, max_subs: 0", &o), 0);
	assert_int_equal(o.port, 4222);
	assert_int_equal(o.max_payload, 1 << 20);
	assert_int_equal(o.max_connections, 65536);
	assert_int_equal(o.ping_interval_ms, 120000);
	assert_int_equal(o.max_subscriptions, 0);
	broker_options_fini(&o);
}

static void users_have_permissions(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(
	    apply("authorization {\n"
		  " default_permissions { publish: \"d.>\" }\n"
		  " P = { publish { allow: [a, \"b.*\"], deny: c }, subscribe: [\"q.> workers\"], "
		  "allow_responses: { max: 5, expires: \"1m\" } }\n"
		  " users = [ {user: u1, password: $2a$11$abc, permissions: $P}, {user: u2, pass: p2}\n"
		  " {user: u3, password: x, permissions { allow_responses: true }} ] }\n"
		  "no_auth_user: u2",
		  &o),
	    0);
	assert_int_equal(o.users_len, 3);
	assert_string_equal(o.users[0].password, "$2a$11$abc");
	const struct broker_permissions *p = o.users[0].permissions;
	assert_true(p->publish.has_allow);
	assert_int_equal(p->publish.allow_len, 2);
	assert_string_equal(p->publish.allow[1], "b.*");
	assert_string_equal(p->publish.deny[0], "c");
	assert_string_equal(p->subscribe.allow[0], "q.> workers");
	assert_true(p->allow_responses);
	assert_int_equal(p->response_max, 5);
	assert_int_equal(p->response_expire_ms, 60000);
	assert_string_equal(o.users[1].permissions->publish.allow[0], "d.>");
	assert_false(o.users[1].permissions->subscribe.has_allow);
	p = o.users[2].permissions;
	assert_true(p->publish.has_allow);
	assert_int_equal(p->publish.allow_len, 0);
	assert_int_equal(p->response_max, 1);
	assert_int_equal(p->response_expire_ms, 120000);
	assert_string_equal(o.no_auth_user, "u2");
	assert_int_equal(broker_options_check(&o, &fault), 0);
	broker_options_fini(&o);
}

static void variable_named_pass_is_not_a_password(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(apply("authorization { PASS: x, users [ {user: u, password: $PASS} ] }", &o), 0);
	assert_null(o.password);
	assert_string_equal(o.users[0].password, "x");
	assert_int_equal(broker_options_check(&o, &fault), 0);
	broker_options_fini(&o);
}

static void one_account_is_served_and_two_are_refused(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(apply("accounts { $SYS { users [ {user: s, password: s} ] }, A { users [ {user: a, "
			       "password: a} ] } }",
			       &o),
			 0);
	assert_int_equal(o.users_len, 1);
	assert_string_equal(o.users[0].name, "a");
	assert_int_equal(reported_len, 1);
	broker_options_fini(&o);
	assert_fault("accounts { A { users [{user: a}] }, B { users [{user: b}] } }", "one subject space");
	assert_fault("accounts { A { users [{user: a}] } }\nauthorization { token: t }", "one subject space");
}

static void keys_that_are_not_served_are_reported_once_with_their_line(void **state)
{
	(void)state;
	struct broker_options o;
	assert_int_equal(apply("cluster { port: 1, routes [x, y] }\njetstream { store_dir: x }\nleafnodes "
			       "{}\nserver_tags: [a]\n"
			       "websocket { port: 1 }\nmqtt {}\ngateway {}",
			       &o),
			 0);
	assert_int_equal(reported_len, 7);
	assert_string_equal(reported[0],
			    "test.conf:1: cluster is ignored: this server does not form clusters");
	broker_options_fini(&o);
}

static void the_tls_block_says_how_clients_are_encrypted(void **state)
{
	struct broker_options o;
	(void)state;
	apply("tls {\n cert_file: c.pem\n key_file: k.pem\n ca_file: a.pem\n verify_and_map: true\n timeout: "
	      "0.5\n"
	      " min_version: \"1.3\"\n handshake_first: auto\n"
	      " cipher_suites: [ TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384 ]\n"
	      " curve_preferences: [ X25519, CurveP256 ]\n}\nallow_non_tls: true\nhttps_port: 8443\n",
	      &o);
	assert_string_equal(o.tls.cert_file, "c.pem");
	assert_string_equal(o.tls.key_file, "k.pem");
	assert_string_equal(o.tls.ca_file, "a.pem");
	assert_true(o.tls.verify && o.tls.verify_and_map && o.allow_non_tls);
	assert_int_equal(o.tls.timeout_ms, 500);
	assert_int_equal(broker_options_auth_timeout_ms(&o), 1500);
	assert_int_equal(o.tls.min_version, 13);
	assert_int_equal(o.tls.first_ms, 50);
	assert_string_equal(o.tls.cipher_suites, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
	assert_string_equal(o.tls.curves, "X25519:P-256");
	assert_int_equal(o.https_port, 8443);
	broker_options_fini(&o);
}

static void unsafe_and_unknown_keys_are_refused(void **state)
{
	(void)state;
	assert_fault("port: 1\ntls { cert_file: x }", "test.conf:2: missing 'key_file' in TLS configuration");
	assert_fault("tls { key_file: x }", "test.conf:1: missing 'cert_file' in TLS configuration");
	assert_fault("tls { cert_file: x, key_file: y, pinned_certs: [ z ] }",
		     "without it more clients could connect");
	assert_fault("tls { min_version: 1.1 }", "min_version: expected");
	assert_fault("tls { curve_preferences: [ CurveP999 ] }",
		     "curve_preferences: \"CurveP999\" is unknown");
	assert_fault("tls { cipher_suites: [] }", "cipher_suites: expected a list of names, found none");
	assert_fault("operator: x", "JWT authentication is not served");
	assert_fault("authorisation { token: t }",
		     "unknown field \"authorisation\" in the configuration; did you mean authorization?");
	assert_fault("authorization { usr: t }",
		     "unknown field \"usr\" in authorization; did you mean user?");
	assert_fault("MAX_PAYLOD: 1", "did you mean max_payload?");
	assert_fault("frobnication: 1", "check its spelling");
	assert_fault("authorization { users [ {nkey: U} ] }", "nkeys are not served");
	assert_fault("authorization { users [ {password: x} ] }", "User entry requires a user");
	assert_fault("authorization { users [ {user: a}, {user: a} ] }", "Duplicate user \"a\" detected");
	assert_fault("authorization { user: a, token: t }", "Cannot have a user/pass and token");
	assert_fault("authorization { user: a, users [ {user: b} ] }",
		     "Can not have a single user/pass and a users array");
	assert_fault("authorization { token: t, users [ {user: b} ] }",
		     "Can not have a token and a users array");
	assert_fault("authorization { user: 1 }",
		     "user: expected a string, found a whole number; put it in quotes");
	assert_fault("authorization { users [ {user: a, permissions { publish: \"a..b\" }} ] }",
		     "subject \"a..b\" is not a valid subject");
	assert_fault("port: 65536", "port: 65536 is not between -1 and 65535");
	assert_fault("port: x", "port: expected a whole number, found a string");
	assert_fault("max_payload: 65MB", "max_payload: 68157440 is not between");
	assert_fault("listen: \"a:b\"", "listen: expected a port or \"host:port\", found a:b");
	assert_fault("ping_interval: 2x", "ping_interval: \"2x\" is not a duration");
	assert_fault("lame_duck_duration: \"10s\"", "the shortest duration is 30000 ms");
	struct broker_options o;
	assert_int_equal(apply("MY_PORT: 7\nport: $MY_PORT", &o), 0);
	assert_int_equal(o.port, 7);
	broker_options_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scalars_take_their_types),
	    cmocka_unit_test(lists_and_blocks_nest_with_commas_or_newlines),
	    cmocka_unit_test(variables_come_from_enclosing_blocks_then_the_environment),
	    cmocka_unit_test(malformed_text_is_refused_with_its_line),
	    cmocka_unit_test(nesting_is_bounded),
	    cmocka_unit_test(every_prefix_is_parsed_or_refused),
	    cmocka_unit_test(includes_are_relative_to_their_file_and_circles_are_refused),
	    cmocka_unit_test(keys_set_the_options),
	    cmocka_unit_test(zero_means_the_default),
	    cmocka_unit_test(users_have_permissions),
	    cmocka_unit_test(variable_named_pass_is_not_a_password),
	    cmocka_unit_test(one_account_is_served_and_two_are_refused),
	    cmocka_unit_test(keys_that_are_not_served_are_reported_once_with_their_line),
	    cmocka_unit_test(the_tls_block_says_how_clients_are_encrypted),
	    cmocka_unit_test(unsafe_and_unknown_keys_are_refused),
	};
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
