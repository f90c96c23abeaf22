#include "export/graph/draw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "export/graph/busiest.h"
#include "export/text/escape.h"
#include "export/text/mermaid.h"
#include "export/text/sizes.h"
#include "trace/inbox.h"

enum { LARGE_ARROWS = 300 };

/* How a language writes nodes and arrows. */
struct language {
	const char *begin, *end;
	const char *large; /* at the beginning of a drawing of many arrows; NULL = nothing */
	const char *service[2], *subject[2], *unheard[2]; /* before and after the name of a node */
	void (*put_text)(struct export_out *out, struct wire_slice text);
	const char *arrow, *dashed; /* before its label */
	const char *label_end;      /* after it… */
	bool is_label_last;         /* …and the target comes before the label */
};

struct drawing {
	struct export_out *out;
	const struct export_graph_view *view;
	const struct language *language;
	struct export_graph_busiest subjects;
};

/* ---- text ---- */

/* Within a label Graphviz reads escapes and, as in HTML, entities. */
static void put_dot_text(struct export_out *out, struct wire_slice text)
{
	while (text.len > 0) {
		struct export_escape_glyph glyph;
		export_escape_look(&glyph, text);
		const char *shown = glyph.escape[0] ? glyph.escape : text.data;
		if (*shown == '"' || *shown == '\\')
			export_out_char(out, '\\');
		export_out_bytes(out, shown, glyph.escape[0] ? strlen(glyph.escape) : glyph.bytes);
		if (*shown == '&')
			export_out_text(out, "amp;");
		text = wire_slice(text.data + glyph.bytes, text.len - glyph.bytes);
	}
}

static void put_mermaid_text(struct export_out *out, struct wire_slice text)
{
	char character[EXPORT_MERMAID_CHARACTER];

	while (text.len > 0) {
		const size_t bytes = export_mermaid_character(text, character);
		export_out_text(out, character);
		text = wire_slice(text.data + bytes, text.len - bytes);
	}
}

static const struct language dot = {
    .begin = "digraph services {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n"
	     "  edge [fontname=\"sans-serif\", fontsize=10];\n",
    .end = "}\n",
    /* Graphviz takes minutes to lay out a thousand arrows as well as it can. */
    .large = "  graph [splines=line, nslimit=0.5, nslimit1=0.5, mclimit=0.1];\n",
    .service = {" [shape=box, style=filled, fillcolor=lightblue, label=\"", "\"];\n"},
    .subject = {" [shape=ellipse, label=\"", "\"];\n"},
    .unheard = {" [shape=ellipse, color=red, label=\"", "\"];\n"},
    .put_text = put_dot_text,
    .arrow = " [label=\"",
    .dashed = " [style=dashed, label=\"",
    .label_end = "\"];\n",
    .is_label_last = true,
};

static const struct language mermaid = {
    .begin = "flowchart LR\n  classDef unheard stroke:#f00\n",
    .end = "",
    .service = {"[\"", "\"]\n"},
    .subject = {"([\"", "\"])\n"},
    .unheard = {"([\"", "\"]):::unheard\n"},
    .put_text = put_mermaid_text,
    .arrow = " -->|\"",
    .dashed = " -.->|\"",
    .label_end = "\"| ",
};

/* ---- nodes ---- */

static void put_node(const struct drawing *drawing, char letter, uint32_t number, const char *const around[2],
		     struct wire_slice name)
{
	export_out_format(drawing->out, "  %c%" PRIu32 "%s", letter, number, around[0]);
	drawing->language->put_text(drawing->out, name);
	export_out_text(drawing->out, around[1]);
}

static bool is_inbox(const struct drawing *drawing, uint32_t subject)
{
	return trace_has_inbox_prefix(trace_names_text(&drawing->view->result->subjects, subject));
}

/* The arrow from the publisher to the subject is drawn, or those of replies, which have no subject. */
static bool is_drawn(const struct drawing *drawing, uint32_t subject)
{
	return drawing->subjects.is_drawn[subject] || is_inbox(drawing, subject);
}

/* Services that published or received something. 0 or -ENOMEM. */
static int put_services(const struct drawing *drawing)
{
	const struct trace_graph_result *result = drawing->view->result;
	const struct trace_clients *clients = drawing->view->clients;
	bool *is_used = calloc(clients->services.len, sizeof *is_used);
	if (!is_used)
		return -ENOMEM;
	for (uint32_t i = 0; i < result->published.len; i++)
		is_used[result->published.keys[i].a] |= is_drawn(drawing, result->published.keys[i].b);
	for (uint32_t i = 0; i < result->edges.len; i++)
		is_used[result->edges.keys[i].b] |=
		    is_drawn(drawing, result->published.keys[result->edges.keys[i].a].b);
	for (uint32_t i = 0; i < clients->services.len; i++)
		if (is_used[i])
			put_node(drawing, 's', i, drawing->language->service,
				 trace_clients_service_name(clients, i));
	free(is_used);
	return 0;
}

static void put_subjects(const struct drawing *drawing)
{
	const struct trace_graph_result *result = drawing->view->result;
	for (uint32_t i = 0; i < result->subjects.len; i++) {
		const struct trace_graph_subject *subject = &result->by_subject[i];
		if (!drawing->subjects.is_drawn[i])
			continue;
		bool is_unheard = subject->unheard > 0 && subject->unheard == subject->messages;
		put_node(drawing, 't', i,
			 is_unheard ? drawing->language->unheard : drawing->language->subject,
			 trace_names_text(&result->subjects, i));
	}
}

/* ---- arrows ---- */

struct arrow {
	char from_letter, to_letter;
	uint32_t from, to;
	uint64_t messages, sizes;
	bool is_reply;
};

static void put_label(const struct drawing *drawing, const struct arrow *arrow)
{
	double seconds = (double)store_uptime_all_up(drawing->view->uptime) / 1e9;
	char text[EXPORT_SIZE_TEXT];

	if (seconds > 0)
		export_out_format(drawing->out, "%s/s",
				  export_short_rate_text(text, (double)arrow->messages / seconds));
	else
		export_out_format(drawing->out, "%s", export_short_count_text(text, arrow->messages));
	if (arrow->messages > 0)
		export_out_format(drawing->out, ", %s",
				  export_size_text(text, arrow->sizes / arrow->messages));
}

static void put_arrow(const struct drawing *drawing, const struct arrow *arrow)
{
	const struct language *language = drawing->language;

	export_out_format(drawing->out, "  %c%" PRIu32, arrow->from_letter, arrow->from);
	if (language->is_label_last)
		export_out_format(drawing->out, " -> %c%" PRIu32, arrow->to_letter, arrow->to);
	export_out_text(drawing->out, arrow->is_reply ? language->dashed : language->arrow);
	put_label(drawing, arrow);
	export_out_text(drawing->out, language->label_end);
	if (!language->is_label_last)
		export_out_format(drawing->out, "%c%" PRIu32 "\n", arrow->to_letter, arrow->to);
}

static void put_published(const struct drawing *drawing)
{
	const struct trace_graph_result *result = drawing->view->result;
	for (uint32_t i = 0; i < result->published.len; i++) {
		const struct trace_graph_published *value = trace_pairs_value(&result->published, i);
		const struct trace_pair *pair = &result->published.keys[i];
		const struct arrow arrow = {'s', 't', pair->a, pair->b, value->messages, value->sizes, false};
		if (drawing->subjects.is_drawn[pair->b] && value->messages > 0)
			put_arrow(drawing, &arrow);
	}
}

/* Draw an arrow for each subject and service that receives it, and for each pair of services one of which replies to
 * the other. 0 or -ENOMEM. */
static int put_received(const struct drawing *drawing)
{
	const struct trace_graph_result *result = drawing->view->result;
	struct trace_memory memory = {.max = SIZE_MAX};
	struct trace_pairs sums; /* subject (or that of replies: publisher, high bit set) and receiver */
	trace_pairs_init(&sums, sizeof(struct trace_graph_edge), &memory);
	for (uint32_t i = 0; i < result->edges.len; i++) {
		const struct trace_graph_edge *edge = trace_pairs_value(&result->edges, i);
		const struct trace_pair *published = &result->published.keys[result->edges.keys[i].a];
		if (!is_drawn(drawing, published->b))
			continue;
		bool is_reply = is_inbox(drawing, published->b);
		uint32_t from = is_reply ? published->a | 1u << 31 : published->b;
		uint32_t number = trace_pairs_number(&sums, from, result->edges.keys[i].b);
		if (number == TRACE_NO_PAIR) {
			trace_pairs_fini(&sums);
			return -ENOMEM;
		}
		struct trace_graph_edge *sum = trace_pairs_value(&sums, number);
		sum->messages += edge->messages;
		sum->sizes += edge->sizes;
	}
	for (uint32_t i = 0; i < sums.len; i++) {
		const struct trace_graph_edge *sum = trace_pairs_value(&sums, i);
		bool is_reply = sums.keys[i].a >> 31;
		if (sum->messages == 0)
			continue;
		put_arrow(drawing, &(struct arrow){is_reply ? 's' : 't', 's', sums.keys[i].a & ~(1u << 31),
						   sums.keys[i].b, sum->messages, sum->sizes, is_reply});
	}
	trace_pairs_fini(&sums);
	return 0;
}

static int draw(struct export_out *out, const struct export_graph_view *view, const struct language *language)
{
	struct drawing drawing = {.out = out, .view = view, .language = language};
	int error = export_graph_busiest_init(&drawing.subjects, view);

	if (error)
		return error;
	export_out_text(out, language->begin);
	if (language->large && view->result->published.len + view->result->edges.len > LARGE_ARROWS)
		export_out_text(out, language->large);
	error = put_services(&drawing);
	put_subjects(&drawing);
	put_published(&drawing);
	if (!error)
		error = put_received(&drawing);
	export_out_text(out, language->end);
	export_graph_busiest_fini(&drawing.subjects);
	return error;
}

int export_graph_dot(struct export_out *out, const struct export_graph_view *view)
{
	return draw(out, view, &dot);
}

int export_graph_mermaid(struct export_out *out, const struct export_graph_view *view)
{
	return draw(out, view, &mermaid);
}
