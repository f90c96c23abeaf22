#include "store/care/excerpt_names.h"

#include "wire/conn.h"

int store__excerpt_names_init(struct store__excerpt_names *names, bool renumbers)
{
	*names = (struct store__excerpt_names){.renumbers = renumbers};
	return store_table_init(&names->table);
}

void store__excerpt_names_fini(struct store__excerpt_names *names)
{
	store__buffer_fini(&names->list);
	if (names->table.slots)
		store_table_fini(&names->table);
}

static struct store__excerpt_name *name_at(const struct store__excerpt_names *names, uint32_t index)
{
	return (struct store__excerpt_name *)(void *)names->list.bytes + index;
}

static uint64_t hash_of(uint32_t input, uint64_t conn)
{
	return (conn ^ (uint64_t)input << 52) * 0x9e3779b97f4a7c15u >> 32;
}

struct store__excerpt_name *store__excerpt_names_find(const struct store__excerpt_names *names, uint32_t own,
						      uint64_t conn)
{
	uint32_t probe = 0, index, input = wire_conn_input(conn, own);
	uint64_t number = wire_conn_number(conn);
	while (store_table_next(&names->table, hash_of(input, number), &probe, &index)) {
		struct store__excerpt_name *name = name_at(names, index);
		if (name->conn == number && name->input == input)
			return name;
	}
	return NULL;
}

struct store__excerpt_name *store__excerpt_names_get(struct store__excerpt_names *names, uint32_t own,
						     uint64_t conn)
{
	struct store__excerpt_name *found = store__excerpt_names_find(names, own, conn);
	uint32_t count = (uint32_t)(names->list.len / sizeof *found);
	if (found)
		return found;
	const struct store__excerpt_name name = {.conn = wire_conn_number(conn),
						 .input = wire_conn_input(conn, own),
						 .number =
						     names->renumbers ? count + 1 : wire_conn_number(conn)};
	if (store__buffer_reserve(&names->list, sizeof name) ||
	    store_table_insert(&names->table, hash_of(name.input, name.conn), count) != 0)
		return NULL;
	store__buffer_put(&names->list, &name, sizeof name);
	return name_at(names, count);
}
