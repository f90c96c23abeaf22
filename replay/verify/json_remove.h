/* json_remove.h - remove the values from a JSON tree that a path selects. Internal to replay. */
#ifndef REPLAY_VERIFY_JSON_REMOVE_H
#define REPLAY_VERIFY_JSON_REMOVE_H

#include <jansson.h>

#include "wire/json_path.h"

/* An element of an array is replaced by null. json may be NULL. */
void replay__json_remove(const struct wire_json_path *path, json_t *json);

#endif
