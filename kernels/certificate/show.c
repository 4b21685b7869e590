/* The certificate as a table for people. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/certificate/certificate.h"
#include "kernels/certificate/proof.h"

struct out {
    void (*write)(void *ctx, const char *text, size_t len);
    void *ctx;
};

CRUX_PRINTF(2, 3)
static void say(const struct out *out, const char *format, ...) {
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length <= 0) return;
    out->write(out->ctx, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static const char *code_name(unsigned code) {
    switch ((enum crux_opcode)code) {
    case CRUX_LOAD: return "LOAD";
    case CRUX_STORE: return "STORE";
    case CRUX_CONTRACT: return "CONTRACT";
    case CRUX_REDUCE: return "REDUCE";
    case CRUX_MAP: return "MAP";
    case CRUX_LUT: return "LUT";
    case CRUX_DIV: return "DIV";
    case CRUX_SQRT: return "SQRT";
    case CRUX_RAND: return "RAND";
    case CRUX_FIND: return "FIND";
    }
    return "?";
}

static void say_worst(const struct out *out, const char *what,
                      const struct crux_certificate_worst *worst) {
    if (worst->op == UINT32_MAX)
        say(out, "%-14s %6" PRId64 "  %s\n", what, worst->value, worst->label);
    else {
        say(out, "%-14s %6" PRId64 "  layer %" PRIu32 " op %" PRIu32 " %s\n", what, worst->value,
            worst->layer, worst->op, worst->label);
    }
}

/* The ops that stand in one line of the table: in all layers, those with one label, or, without label, one number. */
struct line {
    uint32_t number, count;
    uint8_t code;
    const char *label;
    struct crux_op_certificate worst;
};

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

static void add_to(struct line *line, const struct crux_op_certificate *op) {
    line->count++;
    if (op->witness_bytes > line->worst.witness_bytes) {
        line->worst.witness_bytes = op->witness_bytes;
        line->worst.witness_pos = op->witness_pos;
    }
    line->worst.pages = greater(line->worst.pages, op->pages);
    line->worst.k_work = greater(line->worst.k_work, op->k_work);
    if (op->margin_bits < line->worst.margin_bits) line->worst.margin_bits = op->margin_bits;
}

/* Lines found so far; the search from the end is short, as a layer repeats the order of the layer before. */
static struct line *find(struct line *lines, uint32_t count, const struct crux_labelled_op *op,
                         uint32_t number, uint32_t hint) {
    for (uint32_t i = 0; i < count; i++) {
        struct line *line = &lines[(hint + i) % count];
        bool same = op->label[0] == 0 ? line->label[0] == 0 && line->number == number
                                      : strncmp(op->label, line->label, CRUX_LABEL_BYTES) == 0;
        if (same && line->code == op->op.code) return line;
    }
    return NULL;
}

static void say_line(const struct out *out, const struct line *line) {
    char margin[12] = "-";
    if (line->worst.margin_bits != CRUX_CERTIFICATE_NO_MARGIN) {
        snprintf(margin, sizeof margin, "%" PRId32, line->worst.margin_bits);
    }
    say(out, "%-24s %-8s %5" PRIu32 " %6" PRIu32 " %8" PRIu32 " %5" PRIu32 " %5" PRIu32 " %6s\n",
        line->label, code_name(line->code), line->count, line->worst.witness_bytes,
        line->worst.witness_pos, line->worst.pages, line->worst.k_work, margin);
}

static void say_ops(const struct out *out, const struct crux_program *program,
                    const struct crux_op_certificate *ops) {
    struct line *lines = calloc(program->op_count, sizeof *lines);
    uint32_t count = 0, hint = 0;
    if (lines == NULL) {
        say(out, "no memory for the table of ops\n");
        return;
    }
    for (uint32_t layer = 0; layer < program->header.layers; layer++) {
        for (uint32_t i = 0; i < program->layers[layer].ops; i++) {
            const struct crux_labelled_op *op = &program->ops[program->layers[layer].first + i];
            const struct crux_op_certificate *certificate = &ops[program->layers[layer].first + i];
            struct line *line = find(lines, count, op, i, hint);
            if (line == NULL) {
                line = &lines[count++];
                *line = (struct line){.number = i, .code = op->op.code, .label = op->label};
                line->worst.margin_bits = CRUX_CERTIFICATE_NO_MARGIN;
            }
            add_to(line, certificate);
            hint = (uint32_t)(line - lines) + 1;
        }
    }
    say(out, "\n%-24s %-8s %5s %6s %8s %5s %5s %6s\n", "label", "op", "ops", "bytes", "position",
        "pages", "k", "spare");
    for (uint32_t i = 0; i < count; i++) say_line(out, &lines[i]);
    free(lines);
}

void crux_certificate_show(const struct crux_program *program,
                           const struct crux_certificate *certificate,
                           void (*write)(void *ctx, const char *text, size_t len), void *ctx) {
    const struct out out = {write, ctx};
    say_worst(&out, "witness bytes", &certificate->witness_bytes);
    say_worst(&out, "pages", &certificate->pages);
    say_worst(&out, "multiply-adds", &certificate->k_work);
    say_worst(&out, "spare bits", &certificate->margin_bits);
    if (certificate->ops != NULL) say_ops(&out, program, certificate->ops);
}
