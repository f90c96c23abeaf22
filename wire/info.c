#include "wire/info.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#include "wire/json_text.h"

/* ---- CONNECT ---- */

enum field_kind { FIELD_FLAG, FIELD_NUMBER, FIELD_TEXT, FIELD_PERMISSION };

static const char *const kind_names[] = {"true or false", "an integer", "a string", "an object"};

#define AT(member) offsetof(struct wire_connect, member)

/* The fields that nats-server 2.9.10 reads: a wrong type in any of them is an error. */
static const struct field {
	const char *key;
	enum field_kind kind;
	size_t at;
} fields[] = {
    {"verbose", FIELD_FLAG, AT(verbose)},
    {"pedantic", FIELD_FLAG, AT(pedantic)},
    {"echo", FIELD_FLAG, AT(echo)},
    {"headers", FIELD_FLAG, AT(headers)},
    {"no_responders", FIELD_FLAG, AT(no_responders)},
    {"tls_required", FIELD_FLAG, AT(tls_required)},
    {"new_account", FIELD_FLAG, AT(new_account)},
    {"protocol", FIELD_NUMBER, AT(protocol)},
    {"name", FIELD_TEXT, AT(name)},
    {"lang", FIELD_TEXT, AT(lang)},
    {"version", FIELD_TEXT, AT(version)},
    {"user", FIELD_TEXT, AT(user)},
    {"pass", FIELD_TEXT, AT(pass)},
    {"auth_token", FIELD_TEXT, AT(auth_token)},
    {"account", FIELD_TEXT, AT(account)},
    {"nkey", FIELD_TEXT, AT(nkey)},
    {"sig", FIELD_TEXT, AT(sig)},
    {"jwt", FIELD_TEXT, AT(jwt)},
    {"import", FIELD_PERMISSION, 0},
    {"export", FIELD_PERMISSION, 0},
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const struct field *find_field(struct wire_slice key)
{
	for (size_t i = 0; i < FIELDS; i++)
		if (wire_json_is_name(key, fields[i].key))
			return &fields[i];
	return NULL;
}

/* Missing and null leave the member as it is. A number beyond int is clamped; it stays out of range for every use. */
static int read_number(struct wire_slice text, int *out)
{
	char digits[32];
	if (text.len >= sizeof digits || memchr(text.data, '.', text.len) ||
	    memchr(text.data, 'e', text.len) || memchr(text.data, 'E', text.len))
		return WIRE_EJSON;
	memcpy(digits, text.data, text.len);
	digits[text.len] = '\0';
	errno = 0;
	long long number = strtoll(digits, NULL, 10);
	if (errno)
		return WIRE_EJSON;
	*out = (int)(number < INT_MIN ? INT_MIN : number > INT_MAX ? INT_MAX : number);
	return 0;
}

static void free_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static int read_text(struct wire_slice text, char **out)
{
	free_secret(*out);
	*out = wire_json_text(text);
	return *out ? 0 : -ENOMEM;
}

/* 0, WIRE_EJSON when the value is of a wrong type, or -ENOMEM. */
static int read_field(struct wire_connect *connect, const struct field *field,
		      const struct wire_json_token *value)
{
	void *member = (char *)connect + field->at;
	if (value->kind == WIRE_JSON_NULL)
		return 0;
	switch (field->kind) {
	case FIELD_FLAG:
		if (value->kind != WIRE_JSON_TRUE && value->kind != WIRE_JSON_FALSE)
			return WIRE_EJSON;
		*(bool *)member = value->kind == WIRE_JSON_TRUE;
		return 0;
	case FIELD_NUMBER:
		return value->kind == WIRE_JSON_NUMBER ? read_number(value->text, member) : WIRE_EJSON;
	case FIELD_TEXT: return value->kind == WIRE_JSON_STRING ? read_text(value->text, member) : WIRE_EJSON;
	case FIELD_PERMISSION: return value->kind == WIRE_JSON_OBJECT ? 0 : WIRE_EJSON;
	}
	return 0;
}

static int read_members(struct wire_connect *connect, struct wire_json *json, struct wire_fault *fault)
{
	struct wire_json_token key, value;
	while (wire_json_next(json, &key) == WIRE_JSON_KEY) {
		const struct field *field = find_field(key.text);
		wire_json_next(json, &value);
		int error = field ? read_field(connect, field, &value) : 0;
		if (error == WIRE_EJSON)
			return wire_fault_set(fault, error, "\"%s\" is not %s", field->key,
					      kind_names[field->kind]);
		if (error)
			return wire_fault_set(fault, error, "out of memory");
		wire_json_skip(json, &value);
	}
	return 0;
}

/* Set missing strings to "". */
static int complete(struct wire_connect *connect, struct wire_fault *fault)
{
	for (size_t i = 0; i < FIELDS; i++) {
		char **text = (char **)(void *)((char *)connect + fields[i].at);
		if (fields[i].kind != FIELD_TEXT || *text)
			continue;
		*text = strdup("");
		if (!*text)
			return wire_fault_set(fault, -ENOMEM, "out of memory");
	}
	return 0;
}

int wire_connect_read(struct wire_connect *connect, struct wire_slice text, struct wire_fault *fault)
{
	struct wire_json json;
	struct wire_json_token first;
	size_t bad_at = 0;
	*connect = (struct wire_connect){.verbose = true, .pedantic = true, .echo = true};
	if (!wire_json_is_valid(text, &bad_at))
		return wire_fault_set(fault, WIRE_EJSON, "not valid JSON, at byte %zu of %zu", bad_at,
				      text.len);
	wire_json_init(&json, text);
	wire_json_next(&json, &first);
	if (first.kind != WIRE_JSON_OBJECT && first.kind != WIRE_JSON_NULL)
		return wire_fault_set(fault, WIRE_EJSON, "%s", wire_error_text(WIRE_EJSON));
	int error = first.kind == WIRE_JSON_OBJECT ? read_members(connect, &json, fault) : 0;
	if (!error)
		error = complete(connect, fault);
	if (error)
		wire_connect_fini(connect);
	return error;
}

void wire_connect_fini(struct wire_connect *connect)
{
	free(connect->name);
	free(connect->lang);
	free(connect->version);
	free(connect->user);
	free(connect->account);
	free(connect->nkey);
	free_secret(connect->pass);
	free_secret(connect->auth_token);
	free_secret(connect->sig);
	free_secret(connect->jwt);
	*connect = (struct wire_connect){0};
}

/* ---- INFO ---- */

static void set_string(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, json_string(value));
}

/* False is left out, as nats-server does. */
static void set_flag(json_t *object, const char *key, bool value)
{
	if (value)
		json_object_set_new(object, key, json_true());
}

static json_t *list(const char *const *strings)
{
	json_t *array = json_array();
	for (; *strings; strings++)
		json_array_append_new(array, json_string(*strings));
	return array;
}

/* Fields in nats-server's order. */
static json_t *describe(const struct wire_info *info)
{
	json_t *object = json_object();
	set_string(object, "server_id", info->server_id);
	set_string(object, "server_name", info->server_name);
	set_string(object, "version", info->version);
	json_object_set_new(object, "proto", json_integer(1));
	set_string(object, "go", info->go);
	set_string(object, "host", info->host);
	json_object_set_new(object, "port", json_integer(info->port));
	json_object_set_new(object, "headers", json_boolean(info->headers));
	set_flag(object, "auth_required", info->auth_required);
	set_flag(object, "tls_required", info->tls_required);
	set_flag(object, "tls_verify", info->tls_verify);
	set_flag(object, "tls_available", info->tls_available);
	json_object_set_new(object, "max_payload", json_integer(info->max_payload));
	if (info->client_id > 0)
		json_object_set_new(object, "client_id", json_integer((json_int_t)info->client_id));
	set_string(object, "client_ip", info->client_ip);
	set_string(object, "nonce", info->nonce);
	set_string(object, "cluster", info->cluster);
	if (info->connect_urls && info->connect_urls[0])
		json_object_set_new(object, "connect_urls", list(info->connect_urls));
	set_flag(object, "ldm", info->lame_duck);
	return object;
}

char *wire_info_write(const struct wire_info *info, size_t *len)
{
	static const char head[] = "INFO ", tail[] = " \r\n";
	json_t *object = describe(info);
	size_t json_len = json_dumpb(object, NULL, 0, JSON_COMPACT);
	char *line = json_len > 0 ? malloc(sizeof head - 1 + json_len + sizeof tail) : NULL;
	if (line) {
		memcpy(line, head, sizeof head - 1);
		json_dumpb(object, line + sizeof head - 1, json_len, JSON_COMPACT);
		memcpy(line + sizeof head - 1 + json_len, tail, sizeof tail);
		*len = sizeof head - 1 + json_len + sizeof tail - 1;
	}
	json_decref(object);
	return line;
}

/* Copy a string that fits into zeroed text. */
static void copy_text(char *text, size_t size, const json_t *value)
{
	if (json_is_string(value) && json_string_length(value) < size)
		memcpy(text, json_string_value(value), json_string_length(value));
}

int wire_info_read(struct wire_info_seen *seen, struct wire_slice json)
{
	json_error_t why;
	json_t *object = json_loadb(json.data ? json.data : "", json.len, 0, &why);
	*seen = (struct wire_info_seen){0};
	if (!json_is_object(object)) {
		bool is_memory = !object && json_error_code(&why) == json_error_out_of_memory;
		json_decref(object);
		return is_memory ? -ENOMEM : WIRE_EJSON;
	}
	json_int_t max_payload = json_integer_value(json_object_get(object, "max_payload"));
	copy_text(seen->server_id, sizeof seen->server_id, json_object_get(object, "server_id"));
	copy_text(seen->cluster, sizeof seen->cluster, json_object_get(object, "cluster"));
	copy_text(seen->account, sizeof seen->account, json_object_get(object, "remote_account"));
	copy_text(seen->nonce, sizeof seen->nonce, json_object_get(object, "nonce"));
	seen->api_level = json_integer_value(json_object_get(object, "api_lvl"));
	seen->max_payload = max_payload > 0 ? max_payload : 0;
	json_decref(object);
	return 0;
}
