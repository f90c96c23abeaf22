#include "broker/config/authorization.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/config/block.h"
#include "broker/config/user_permissions.h"

/* The contents of an authorization block or of an account. */
struct users_block {
	char *username, *password, *token;      /* owned */
	json_t *users;                          /* borrowed node; NULL: none */
	struct broker_permissions *permissions; /* owned: the default for users without their own */
	int64_t timeout_ms;
};

static const struct broker__rule user_rules[] = {
    {.keys = "user username", .apply = broker__apply_text, .at = offsetof(struct broker_user, name)},
    {.keys = "pass password", .apply = broker__apply_text, .at = offsetof(struct broker_user, password)},
    {.keys = "permission permissions authorization",
     .apply = broker__apply_permissions,
     .at = offsetof(struct broker_user, permissions)},
    {.keys = "nkey",
     .apply = broker__apply_refused,
     .text = "nkeys are not served; use a user and a bcrypt password"},
    {.keys = "allowed_connection_types connection_types clients",
     .apply = broker__apply_refused,
     .text = "connection types are not distinguished; remove the line to allow plain connections"},
    {0},
};

static bool is_duplicate(const struct broker_options *options, const char *name)
{
	for (size_t i = 0; i < options->users_len; i++)
		if (strcmp(options->users[i].name, name) == 0)
			return true;
	return false;
}

static int check_user(struct broker__apply *apply, const struct broker_user *user, const json_t *node)
{
	if (!user->name)
		return broker__node_fault(node, apply->fault, "User entry requires a user");
	if (is_duplicate(apply->options, user->name))
		return broker__node_fault(node, apply->fault, "Duplicate user \"%.60s\" detected",
					  user->name);
	return 0;
}

/* Append *user to the options, which own its strings from now on. */
static int append_user(struct broker__apply *apply, struct broker_user *user)
{
	struct broker_options *options = apply->options;
	struct broker_user *grown = realloc(options->users, (options->users_len + 1) * sizeof *grown);
	if (!grown)
		return wire_fault_set(apply->fault, -ENOMEM, "out of memory");
	options->users = grown;
	options->users[options->users_len++] = *user;
	return 0;
}

static int add_user(struct broker__apply *apply, json_t *node, const struct broker_permissions *permissions)
{
	struct broker_user user = {0};
	int result = broker__apply_block(apply, "a user", node, user_rules, &user);
	if (result == 0)
		result = check_user(apply, &user, node);
	if (result == 0 && !user.permissions && permissions) {
		user.permissions = broker__permissions_copy(permissions);
		if (!user.permissions)
			result = wire_fault_set(apply->fault, -ENOMEM, "out of memory");
	}
	if (result == 0)
		result = append_user(apply, &user);
	if (result < 0)
		broker_user_fini(&user);
	return result;
}

static int add_users(struct broker__apply *apply, const struct users_block *block)
{
	if (!block->users)
		return 0;
	json_t *list = json_object_get(block->users, "value");
	if (!json_is_array(list))
		return broker__node_fault(block->users, apply->fault, "users: expected a list [ ], found %s",
					  broker__node_kind(block->users));
	for (size_t i = 0; i < json_array_size(list); i++) {
		int result = add_user(apply, json_array_get(list, i), block->permissions);
		if (result < 0)
			return result;
	}
	return 0;
}

static int remember_users(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			  void *member)
{
	(void)apply;
	(void)rule;
	*(json_t **)member = node;
	return 0;
}

#define AT(member) offsetof(struct users_block, member)

static const struct broker__rule authorization_rules[] = {
    {.keys = "user username", .apply = broker__apply_text, .at = AT(username)},
    {.keys = "pass password", .apply = broker__apply_text, .at = AT(password)},
    {.keys = "token", .apply = broker__apply_text, .at = AT(token)},
    {.keys = "timeout", .apply = broker__apply_duration, .at = AT(timeout_ms), .min = 1},
    {.keys = "users", .apply = remember_users, .at = AT(users)},
    {.keys = "default_permission default_permissions permissions",
     .apply = broker__apply_permissions,
     .at = AT(permissions)},
    {0},
};

static const struct broker__rule account_rules[] = {
    {.keys = "users", .apply = remember_users, .at = AT(users)},
    {.keys = "default_permission default_permissions permissions",
     .apply = broker__apply_permissions,
     .at = AT(permissions)},
    {.keys = "nkey", .apply = broker__apply_ignored, .text = "nkeys are not served"},
    {.keys = "jetstream", .apply = broker__apply_ignored, .text = "JetStream is not served"},
    {.keys = "imports exports", .apply = broker__apply_ignored, .text = "there is no other account"},
    {.keys = "mappings maps", .apply = broker__apply_ignored, .text = "subject mapping is not served"},
    {.keys = "limits", .apply = broker__apply_ignored, .text = "there are only limits for the whole server"},
    {0},
};

static void replace(char **member, char **value)
{
	if (!*value)
		return;
	free(*member);
	*member = *value;
	*value = NULL;
}

static void users_block_fini(struct users_block *block)
{
	free(block->username);
	free(block->password);
	free(block->token);
	broker_permissions_free(block->permissions);
}

/* Users of `authorization` are in an account of their own, apart from those of `accounts`. */
static int claim_users(struct broker__apply *apply, const char *block, const json_t *node)
{
	if (apply->users_from)
		return broker__node_fault(node, apply->fault,
					  "authorization and accounts together keep subjects apart, and this "
					  "server has one subject space; "
					  "use authorization alone, or start one server for each account");
	apply->users_from = block;
	return 0;
}

/* One block may ask for one kind of credentials; flags may add others. */
static int check_block(struct broker__apply *apply, const struct users_block *block, const json_t *node)
{
	bool has_user = block->username || block->password;
	if (has_user && block->token)
		return broker__node_fault(node, apply->fault,
					  "Cannot have a user/pass and token; choose one of them");
	if (block->username && block->users)
		return broker__node_fault(node, apply->fault,
					  "Can not have a single user/pass and a users array; "
					  "put the user into the array");
	if (block->token && block->users)
		return broker__node_fault(node, apply->fault,
					  "Can not have a token and a users array; choose one of them");
	return 0;
}

int broker__apply_authorization(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
				void *member)
{
	(void)rule;
	(void)member;
	struct broker_options *options = apply->options;
	struct users_block block = {0};
	int result = claim_users(apply, "authorization", node);
	if (result == 0)
		result = broker__apply_block(apply, "authorization", node, authorization_rules, &block);
	if (result == 0)
		result = check_block(apply, &block, node);
	if (result == 0)
		result = add_users(apply, &block);
	if (result == 0) {
		replace(&options->username, &block.username);
		/* PASS is often a variable that the users below share */
		if (block.username || !block.users)
			replace(&options->password, &block.password);
		replace(&options->token, &block.token);
		if (block.timeout_ms)
			options->auth_timeout_ms = block.timeout_ms;
	}
	users_block_fini(&block);
	return result;
}

static int apply_account(struct broker__apply *apply, const char *name, json_t *node)
{
	struct users_block block = {0};
	int result = claim_users(apply, "accounts", node);
	if (result == 0)
		result = broker__apply_block(apply, name, node, account_rules, &block);
	if (result == 0)
		result = add_users(apply, &block);
	users_block_fini(&block);
	return result;
}

/* One account besides the system account is the same as none: its users share the one subject space. Several
 * accounts are refused, since merging them would expose the messages of each to the others. */
int broker__apply_accounts(struct broker__apply *apply, const struct broker__rule *rule, json_t *node,
			   void *member)
{
	(void)rule;
	(void)member;
	json_t *accounts = json_object_get(node, "value");
	const char *name;
	json_t *account;
	size_t count = 0;
	int result = 0;
	if (!json_is_object(accounts))
		return broker__node_fault(node, apply->fault, "accounts: expected a block { }, found %s",
					  broker__node_kind(node));
	json_object_foreach(accounts, name, account)
	{
		if (result < 0)
			break;
		if (strcmp(name, apply->system_account) == 0)
			broker__apply_report(
			    apply, account,
			    "account %.60s is ignored: there is no system account, its users cannot log in",
			    name);
		else if (++count > 1)
			result =
			    broker__node_fault(account, apply->fault,
					       "several accounts keep subjects apart, and this server has "
					       "one subject space; start one server for each account, or put "
					       "all users into authorization with permissions");
		else
			result = apply_account(apply, name, account);
	}
	return result;
}
