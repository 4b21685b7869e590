/* A witness for people: the parts by name and size, the op, what it read, and the finding. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "bisection/witness/witness.h"

enum { OPERANDS_SHOWN = 12 };

struct view {
    void (*line)(void *ctx, const char *text);
    void *ctx;
    size_t part_start;
    uint64_t operands;
};

__attribute__((format(printf, 2, 3))) static void say(const struct view *view, const char *format,
                                                      ...) {
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a line too long is cut */
    va_end(arguments);
    view->line(view->ctx, text);
}

static const char *kind_name(unsigned kind) {
    switch ((enum crux_element_kind)kind) {
    case CRUX_ELEMENT_VALUE: return "value";
    case CRUX_ELEMENT_PADDING: return "padding";
    case CRUX_ELEMENT_NULL: return "null";
    case CRUX_ELEMENT_CLOSE: return "close";
    case CRUX_ELEMENT_COUNT: return "count";
    case CRUX_ELEMENT_OUTPUT: return "output";
    case CRUX_ELEMENT_DONE: return "done";
    }
    return "unknown";
}

static const char *source_name(unsigned source) {
    switch ((enum crux_source)source) {
    case CRUX_FROM_STEP: return "step tensor";
    case CRUX_FROM_MODEL: return "model tensor";
    case CRUX_FROM_RECORD: return "record store";
    case CRUX_FROM_TOKENS: return "request token";
    case CRUX_FROM_PARAM: return "request parameter";
    }
    return "?";
}

static void say_hash(const struct view *view, const char *name, const uint8_t hash[32]) {
    char hex[65];
    for (unsigned i = 0; i < 32; i++) (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    say(view, "  %-13s %s", name, hex);
}

static void on_part(void *ctx, const char *name, size_t at) {
    struct view *view = ctx;
    say(view, "  %-18s bytes %5zu .. %5zu  (%zu)", name, view->part_start, at,
        at - view->part_start);
    view->part_start = at;
}

static void on_op(void *ctx, const struct crux_program_header *header,
                  const struct crux_layer *layer, const struct crux_bound_op *bound) {
    const struct crux_op *op = bound->op;
    char shape[64] = "";
    size_t used = 0;
    for (unsigned i = 0; i < op->ndim; i++) {
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRIu32,
                                 i == 0 ? "" : ", ", bound->dim[i]);
    }
    say(ctx,
        "  op: code %u function %u, %s [%s] in [%" PRId64 ", %" PRId64 "], %u operands, %" PRIu32
        " terms",
        op->code, op->func, crux_dtype_name(op->dtype), shape, op->lo, op->hi, op->nin,
        bound->k_count);
    say(ctx,
        "  model: %" PRIu32 " layers, context %" PRIu32 "; this layer: %" PRIu32 " ops, %" PRIu32
        " stores",
        header->layers, header->context, layer->ops, layer->stores);
}

static void on_operand(void *ctx, const struct crux_place *place, int64_t v) {
    struct view *view = ctx;
    if (view->operands++ >= OPERANDS_SHOWN) return;
    if (place->slot == CRUX_SLOT_X) {
        say(view, "  reads x = %" PRId64 " from %s %" PRIu32 " [%" PRIu64 "]", v,
            source_name(place->source), place->tensor, place->flat);
    } else {
        say(view, "  reads %" PRId64 " from %s %" PRIu32 " [%" PRIu64 "] (operand %u)", v,
            source_name(place->source), place->tensor,
            place->source == CRUX_FROM_TOKENS ? place->time : place->flat, place->slot);
    }
}

static void on_compared(void *ctx, int64_t claimed, int64_t lawful) {
    struct view *view = ctx;
    if (view->operands > OPERANDS_SHOWN)
        say(view, "  .. and %" PRIu64 " more", view->operands - OPERANDS_SHOWN);
    say(view, "  claimed %" PRId64 ", the law says %" PRId64, claimed, lawful);
}

void crux_witness_show(const struct crux_case *c, void (*line)(void *ctx, const char *text),
                       void *ctx) {
    struct view view = {.line = line, .ctx = ctx};
    struct crux_observer observer = {&view, on_part, on_op, on_operand, on_compared};
    enum crux_finding finding;
    enum crux_status status;
    say(&view, "claim: %" PRIu32 " request tokens, %" PRIu32 " chosen tokens",
        c->claim.request_tokens, c->claim.chosen_tokens);
    say_hash(&view, "model root", c->claim.model_root);
    say_hash(&view, "request hash", c->claim.request_hash);
    say_hash(&view, "output root", c->claim.output_root);
    say_hash(&view, "trace root", c->claim.trace_root);
    say(&view,
        "element: %s, position %" PRIu32 ", layer %" PRIu32 ", op %" PRIu32 ", index %" PRIu64,
        kind_name(c->element.kind), c->element.pos, c->element.layer, c->element.op,
        c->element.index);
    say(&view, "witness: %" PRIu32 " bytes", c->witness_bytes);
    status = crux_adjudicate_watched(&finding, &c->claim, &c->element, c->witness, c->witness_bytes,
                                     &observer);
    if (status == CRUX_OK)
        say(&view, "finding: %s", finding == CRUX_CONSISTENT ? "consistent" : "inconsistent");
    else
        say(&view, "no finding: %s: %s", crux_status_name(status), crux_status_text(status));
}
