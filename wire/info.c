#include "wire/info.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

/* Keys differ in case between clients; Go's JSON reader does not mind, so neither do we. */
static json_t *find(json_t *object, const char *wanted)
{
	const char *key;
	json_t *value, *exact = json_object_get(object, wanted);
	if (exact)
		return exact;
	json_object_foreach(object, key, value)
	{
		if (strcasecmp(key, wanted) == 0)
			return value;
	}
	return NULL;
}

/* Missing and null leave *out as it is. 0 or WIRE_EJSON. */
static int read_bool(json_t *object, const char *key, bool *out)
{
	json_t *value = find(object, key);
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_boolean(value))
		return WIRE_EJSON;
	*out = json_is_true(value);
	return 0;
}

/* A number out of range becomes the nearest in range: for whoever asked it is as wrong as before. */
static int read_int(json_t *object, const char *key, int *out)
{
	json_t *value = find(object, key);
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value))
		return WIRE_EJSON;
	json_int_t number = json_integer_value(value);
	*out = (int)(number < INT_MIN ? INT_MIN : number > INT_MAX ? INT_MAX : number);
	return 0;
}

static int read_string(json_t *object, const char *key, char **out)
{
	json_t *value = find(object, key);
	if (value && !json_is_null(value) && !json_is_string(value))
		return WIRE_EJSON;
	*out = strdup(json_is_string(value) ? json_string_value(value) : "");
	return *out ? 0 : -ENOMEM;
}

static int read_fields(struct wire_connect *connect, json_t *object)
{
	const struct {
		const char *key;
		bool *out;
	} flags[] = {{"verbose", &connect->verbose},
		     {"pedantic", &connect->pedantic},
		     {"echo", &connect->echo},
		     {"headers", &connect->headers},
		     {"no_responders", &connect->no_responders},
		     {"tls_required", &connect->tls_required}};
	const struct {
		const char *key;
		char **out;
	} strings[] = {
	    {"name", &connect->name}, {"lang", &connect->lang}, {"version", &connect->version},
	    {"user", &connect->user}, {"pass", &connect->pass}, {"auth_token", &connect->auth_token},
	    {"nkey", &connect->nkey}, {"sig", &connect->sig},   {"jwt", &connect->jwt}};
	int error = read_int(object, "protocol", &connect->protocol);
	for (size_t i = 0; i < sizeof flags / sizeof *flags && !error; i++)
		error = read_bool(object, flags[i].key, flags[i].out);
	for (size_t i = 0; i < sizeof strings / sizeof *strings && !error; i++)
		error = read_string(object, strings[i].key, strings[i].out);
	return error;
}

int wire_connect_read(struct wire_connect *connect, struct wire_slice json)
{
	*connect = (struct wire_connect){.verbose = true, .pedantic = true, .echo = true};
	json_error_t why;
	json_t *object = json_loadb(json.data ? json.data : "", json.len, 0, &why);
	int error = WIRE_EJSON;
	if (json_is_object(object))
		error = read_fields(connect, object);
	else if (!object && json_error_code(&why) == json_error_out_of_memory)
		error = -ENOMEM;
	json_decref(object);
	if (error)
		wire_connect_fini(connect);
	return error;
}

static void free_secret(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

void wire_connect_fini(struct wire_connect *connect)
{
	free(connect->name);
	free(connect->lang);
	free(connect->version);
	free(connect->user);
	free(connect->nkey);
	free_secret(connect->pass);
	free_secret(connect->auth_token);
	free_secret(connect->sig);
	free_secret(connect->jwt);
	*connect = (struct wire_connect){0};
}

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
	const json_t *id = json_object_get(object, "server_id");
	json_int_t max_payload = json_integer_value(json_object_get(object, "max_payload"));
	if (json_is_string(id) && json_string_length(id) < sizeof seen->server_id)
		memcpy(seen->server_id, json_string_value(id), json_string_length(id));
	seen->max_payload = max_payload > 0 ? max_payload : 0;
	json_decref(object);
	return 0;
}
