#include "store/where/parse.h"

#include <errno.h>
#include <stdlib.h>

#include "store/where/constant.h"
#include "store/where/operands.h"

struct parser {
	struct store__lexer lexer;
	struct store__token token; /* the next one */
	struct store__where *where;
	struct store__where_tree *tree;
	const struct store_where_times *times;
	struct wire_fault *fault;
	unsigned nesting;
};

/* Each function below reads one part of the grammar, and returns 0, or a negative code with *fault. */
static int parse_any(struct parser *parser, uint8_t *node);

static void advance(struct parser *parser)
{
	parser->token = store__lexer_next(&parser->lexer);
}

static int complain(const struct parser *parser, const char *expected)
{
	const struct store__token *token = &parser->token;
	if (token->hint)
		return store__lexer_fault(&parser->lexer, token->start, parser->fault, "%s", token->hint);
	if (token->kind == STORE__TOKEN_END)
		return store__lexer_fault(&parser->lexer, token->start, parser->fault,
					  "expected %s, found the end", expected);
	return store__lexer_fault(&parser->lexer, token->start, parser->fault, "expected %s, found \"%.*s\"",
				  expected, (int)token->text.len, token->text.data);
}

static int out_of_memory(const struct parser *parser)
{
	return wire_fault_set(parser->fault, -ENOMEM, "out of memory");
}

/* There is always room: each node but the tests joins two or more others. */
static uint8_t add_node(struct parser *parser, int kind)
{
	uint8_t at = parser->tree->count++;
	parser->tree->nodes[at] = (struct store__where_node){
	    .kind = kind, .child = STORE__WHERE_NO_NODE, .sibling = STORE__WHERE_NO_NODE};
	return at;
}

/* ---- operands ---- */

static int parse_path(struct parser *parser, struct store__where_test *test)
{
	const struct wire_slice text = parser->token.text;
	char copy[STORE__WHERE_TEXT_MAX + 1];
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	test->operand = STORE__WHERE_JSON;
	test->path = calloc(1, sizeof *test->path);
	if (!test->path)
		return out_of_memory(parser);
	if (!wire_json_path_parse(test->path, copy))
		return store__lexer_fault(
		    &parser->lexer, parser->token.start, parser->fault,
		    "\"%s\" is no path; write $.field, $.list[0], $.list[*].field, $['odd name'] or $..field",
		    copy);
	advance(parser);
	return 0;
}

/* header.NAME or header["NAME"], after the word. */
static int parse_header(struct parser *parser, struct store__where_test *test)
{
	struct wire_slice name = {0};
	if (parser->token.kind == STORE__TOKEN_DOT)
		name = store__lexer_name(&parser->lexer);
	const bool is_bracket = parser->token.kind == STORE__TOKEN_BRACKET;
	if (is_bracket || name.len > 0)
		advance(parser);
	if (is_bracket && parser->token.kind == STORE__TOKEN_STRING) {
		name = parser->token.text;
		advance(parser);
		if (parser->token.kind != STORE__TOKEN_BRACKET_END)
			return complain(parser, "]");
		advance(parser);
	}
	if (name.len == 0)
		return complain(parser, "the name of a header: header.NAME or header[\"NAME\"]");
	test->name = strndup(name.data, name.len);
	return test->name ? 0 : out_of_memory(parser);
}

/* subject or subject.N, after the word. */
static int parse_token(struct parser *parser, struct store__where_test *test)
{
	if (parser->token.kind != STORE__TOKEN_DOT)
		return 0;
	const struct wire_slice digits = store__lexer_name(&parser->lexer);
	for (size_t i = 0; i < digits.len && digits.data[i] >= '0' && digits.data[i] <= '9' && i < 4; i++)
		test->token = test->token * 10 + (uint32_t)(digits.data[i] - '0');
	if (test->token == 0 || digits.len > 4)
		return store__lexer_fault(&parser->lexer, parser->token.start, parser->fault,
					  "expected the number of a token, counted from 1: subject.2");
	test->operand = STORE__WHERE_TOKEN;
	advance(parser);
	return 0;
}

static int parse_operand(struct parser *parser, struct store__where_test *test)
{
	static const char expected[] =
	    "$.field, header.NAME, subject, subject.N, reply, payload, size, time, "
	    "clock, seq, kind, client, conn, receivers or queue";
	if (parser->token.kind == STORE__TOKEN_PATH)
		return parse_path(parser, test);
	test->operand = STORE__WHERE_OPERANDS;
	if (parser->token.kind == STORE__TOKEN_WORD)
		test->operand = store__operand_find(parser->token.text);
	if (test->operand == STORE__WHERE_OPERANDS)
		return complain(parser, expected);
	advance(parser);
	if (test->operand == STORE__WHERE_HEADER)
		return parse_header(parser, test);
	return test->operand == STORE__WHERE_SUBJECT ? parse_token(parser, test) : 0;
}

/* ---- comparisons ---- */

static bool is_constant(const struct store__token *token)
{
	return token->kind == STORE__TOKEN_STRING || token->kind == STORE__TOKEN_NUMBER ||
	       (token->kind == STORE__TOKEN_WORD && (wire_slice_equal(token->text, WIRE_LITERAL("true")) ||
						     wire_slice_equal(token->text, WIRE_LITERAL("false")) ||
						     wire_slice_equal(token->text, WIRE_LITERAL("null"))));
}

/* `100 < size` is `size > 100`. */
static enum store__where_operator swapped(enum store__where_operator operator)
{
	switch (operator) {
	case STORE__WHERE_LESS: return STORE__WHERE_GREATER;
	case STORE__WHERE_LESS_EQUAL: return STORE__WHERE_GREATER_EQUAL;
	case STORE__WHERE_GREATER: return STORE__WHERE_LESS;
	case STORE__WHERE_GREATER_EQUAL: return STORE__WHERE_LESS_EQUAL;
	default: return operator;
	}
}

static int parse_swapped(struct parser *parser, struct store__where_test *test)
{
	const struct store__token constant = parser->token;
	advance(parser);
	if (parser->token.kind != STORE__TOKEN_TEST)
		return complain(parser, "one of == != < <= > >= after a value");
	test->operator= swapped(parser->token.operator);
	if (test->operator>= STORE__WHERE_MATCHES)
		return complain(parser, "the regular expression on the right of ~");
	advance(parser);
	int error = parse_operand(parser, test);
	return error ? error
		     : store__where_constant(test, &constant, &parser->lexer, parser->times, parser->fault);
}

static int parse_test(struct parser *parser, struct store__where_test *test)
{
	if (is_constant(&parser->token))
		return parse_swapped(parser, test);
	int error = parse_operand(parser, test);
	if (error || parser->token.kind != STORE__TOKEN_TEST)
		return error;
	test->operator= parser->token.operator;
	advance(parser);
	error = store__where_constant(test, &parser->token, &parser->lexer, parser->times, parser->fault);
	if (!error)
		advance(parser);
	return error;
}

static int add_test(struct parser *parser, uint8_t *node)
{
	struct store__where *where = parser->where;
	if (where->count == STORE__WHERE_TESTS_MAX)
		return store__lexer_fault(&parser->lexer, parser->token.start, parser->fault,
					  "there are more than %d comparisons", STORE__WHERE_TESTS_MAX);
	*node = add_node(parser, STORE__NODE_TEST);
	parser->tree->nodes[*node].test = (uint8_t)where->count;
	return parse_test(parser, &where->tests[where->count++]);
}

/* ---- what joins them ---- */

static int parse_group(struct parser *parser, uint8_t *node)
{
	if (parser->nesting == STORE__WHERE_NESTING_MAX)
		return store__lexer_fault(&parser->lexer, parser->token.start, parser->fault,
					  "there are more than %d parentheses inside one another",
					  STORE__WHERE_NESTING_MAX);
	parser->nesting++;
	advance(parser);
	int error = parse_any(parser, node);
	if (!error && parser->token.kind != STORE__TOKEN_CLOSE)
		return complain(parser, "&&, || or )");
	parser->nesting--;
	if (!error)
		advance(parser);
	return error;
}

static int parse_not(struct parser *parser, uint8_t *node)
{
	bool is_negated = false;
	for (; parser->token.kind == STORE__TOKEN_NOT; advance(parser))
		is_negated = !is_negated;
	int error =
	    parser->token.kind == STORE__TOKEN_OPEN ? parse_group(parser, node) : add_test(parser, node);
	if (!error)
		parser->tree->nodes[*node].is_negated ^= is_negated;
	return error;
}

typedef int parse_part(struct parser *parser, uint8_t *node);

/* One part, or several with `between` between them: these become the children of a node of that kind. */
static int parse_list(struct parser *parser, uint8_t *node, parse_part *part, enum store__token_kind between,
		      int kind)
{
	int error = part(parser, node);
	if (error || parser->token.kind != between)
		return error;
	const uint8_t list = add_node(parser, kind);
	uint8_t last = *node;
	parser->tree->nodes[list].child = last;
	while (!error && parser->token.kind == between) {
		uint8_t next;
		advance(parser);
		error = part(parser, &next);
		if (error)
			break;
		parser->tree->nodes[last].sibling = next;
		last = next;
	}
	*node = list;
	return error;
}

static int parse_all(struct parser *parser, uint8_t *node)
{
	return parse_list(parser, node, parse_not, STORE__TOKEN_AND, STORE__NODE_ALL);
}

static int parse_any(struct parser *parser, uint8_t *node)
{
	return parse_list(parser, node, parse_all, STORE__TOKEN_OR, STORE__NODE_ANY);
}

int store__where_parse(struct store__where *where, struct store__where_tree *tree, struct wire_slice text,
		       const struct store_where_times *times, struct wire_fault *fault)
{
	struct parser parser = {.lexer = {text.data, text.data, text.data + text.len},
				.where = where,
				.tree = tree,
				.times = times,
				.fault = fault};
	if (text.len > STORE__WHERE_TEXT_MAX)
		return wire_fault_set(fault, STORE_EFILTER, "it is longer than %d bytes",
				      STORE__WHERE_TEXT_MAX);
	advance(&parser);
	int error = parse_any(&parser, &tree->root);
	if (!error && parser.token.kind != STORE__TOKEN_END)
		error = complain(&parser, where->tests[where->count - 1].operator== STORE__WHERE_HOLDS
					      ? "a comparison, && or ||"
					      : "&& or ||");
	return error;
}
