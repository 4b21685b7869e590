/* One page of HTML that needs nothing else: the narrowing drawn from the trace to the element, the moves, the money, and
 * the arithmetic of the element. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/output.h"
#include "cli/simulate.h"

enum { ROW = 56, BOX = 26, GAP = 6, LEFT = 150, WIDE = 900, FAULT_TEXT = 300 };

static void escape(FILE *out, const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        switch (text[i]) {
        case '&': (void)fputs("&amp;", out); break;
        case '<': (void)fputs("&lt;", out); break;
        case '>': (void)fputs("&gt;", out); break;
        case '"': (void)fputs("&quot;", out); break;
        default: /* control characters have no place in a page */
            (void)fputc((unsigned char)text[i] < 32 && text[i] != '\n' ? ' ' : text[i], out);
        }
    }
}

static void put(FILE *out, const char *text) {
    escape(out, text, strlen(text));
}

static const char *tree_title(uint8_t tree) {
    switch (tree) {
    case CRUX_GAME_TRACE: return "trace";
    case CRUX_GAME_OUTPUT: return "output";
    case CRUX_GAME_STEP: return "step";
    case CRUX_GAME_TENSORS: return "ops of the step";
    case CRUX_GAME_RECORD: return "record";
    case CRUX_GAME_OP: return "pages of the op";
    }
    return "";
}

/* ---- the drawing ---- */

struct drawing {
    FILE *out;
    unsigned row;
    int x; /* where the line from the row above comes from */
};

static void connect(struct drawing *d, int x) {
    int top = (int)d->row * ROW + 10;
    if (d->row > 0)
        (void)fprintf(d->out,
                      "<path d=\"M%d %d C%d %d %d %d %d %d\" fill=\"none\" stroke=\"#b3261e\" "
                      "stroke-width=\"2\"/>\n",
                      d->x, top - ROW + BOX, d->x, top - 8, x, top - ROW + BOX + 8, x, top);
    d->x = x;
}

static void title(const struct drawing *d, const char *text) {
    (void)fprintf(d->out, "<text x=\"8\" y=\"%d\">", (int)d->row * ROW + 28);
    put(d->out, text);
    (void)fputs("</text>\n", d->out);
}

static void boxes(struct drawing *d, uint32_t nodes, uint32_t pick) {
    int step = nodes * (BOX + GAP) > WIDE - LEFT ? (WIDE - LEFT) / (int)nodes : BOX + GAP;
    connect(d, LEFT + (int)pick * step + BOX / 2);
    for (uint32_t i = 0; i < nodes; i++)
        (void)fprintf(
            d->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" class=\"%s\"/>\n",
            LEFT + (int)i * step, (int)d->row * ROW + 10, step > GAP ? step - GAP : 1, BOX,
            i < pick    ? "same"
            : i == pick ? "picked"
                        : "unseen");
    d->row++;
}

static void words(struct drawing *d, const char *text) {
    connect(d, LEFT + BOX / 2);
    (void)fprintf(d->out, "<text x=\"%d\" y=\"%d\">", LEFT, (int)d->row * ROW + 28);
    put(d->out, text);
    (void)fputs("</text>\n", d->out);
    d->row++;
}

static void draw(FILE *out, const struct crux_cli_play *play) {
    struct drawing d = {.out = out};
    char text[200];
    unsigned rows = 2;
    for (uint32_t i = 0; i < play->count; i++) {
        const struct crux_cli_move *m = &play->moves[i];
        rows += m->dispute == 0 && !m->undone &&
                (m->nodes > 0 || m->kind == CRUX_MOVE_JUMP || m->kind == CRUX_MOVE_EXPAND ||
                 m->kind == CRUX_MOVE_PROVE);
    }
    (void)fprintf(out, "<svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"the narrowing\">\n",
                  WIDE, rows * ROW);
    title(&d, "claim");
    words(&d, "one hash commits every step of the run");
    for (uint32_t i = 0; i < play->count; i++) {
        const struct crux_cli_move *m = &play->moves[i];
        if (m->dispute != 0 || m->undone) continue;
        if (m->kind == CRUX_MOVE_PICK && m->nodes > 0) {
            title(&d, tree_title(m->tree));
            boxes(&d, m->nodes, m->pick);
        } else if (m->kind == CRUX_MOVE_JUMP) {
            title(&d, tree_title(m->tree));
            words(&d, "the challenger jumps, with a path");
        } else if (m->kind == CRUX_MOVE_EXPAND) {
            title(&d, "step");
            words(&d, "the executor opens the step: every tensor of every op");
        } else if (m->kind == CRUX_MOVE_PROVE) {
            title(&d, "element");
            (void)snprintf(text, sizeof text,
                           "position %u, layer %u, op %u, index %" PRIu64 ": a witness of %u bytes",
                           (unsigned)play->element.pos, (unsigned)play->element.layer,
                           (unsigned)play->element.op, play->element.index,
                           (unsigned)m->witness_bytes);
            words(&d, text);
        }
    }
    (void)fputs("</svg>\n", out);
}

/* ---- tables ---- */

static void put_moves(FILE *out, const struct crux_cli_play *play) {
    static const char *const who[] = {"executor", "challenger", "bystander"};
    (void)fputs("<table><tr><th>time</th><th>who</th><th>move</th><th>bytes</th><th>gas "
                "(estimate)</th></tr>\n",
                out);
    for (uint32_t i = 0; i < play->count; i++) {
        const struct crux_cli_move *m = &play->moves[i];
        (void)fprintf(
            out, "<tr><td>%" PRIu64 " s</td><td>%s</td><td>%s</td><td>%u</td><td>%u</td></tr>\n",
            m->time, who[m->who], crux_move_name(m->kind), (unsigned)m->bytes, (unsigned)m->gas);
    }
    (void)fputs("</table>\n", out);
}

static void put_ledger(FILE *out, const struct crux_cli_play *play) {
    static const char *const names[] = {"executor", "challenger", "bystander"};
    (void)fputs("<table><tr><th></th><th>before</th><th>after</th></tr>\n", out);
    for (unsigned i = 0; i < CRUX_CLI_ACCOUNTS; i++)
        (void)fprintf(out, "<tr><td>%s</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr>\n",
                      names[i], play->before.balance[i], play->after.balance[i]);
    (void)fprintf(out, "<tr><td>burned</td><td>%" PRIu64 "</td><td>%" PRIu64 "</td></tr></table>\n",
                  play->before.burned, play->after.burned);
}

static void put_line(void *ctx, const char *text) {
    put(ctx, text);
    (void)fputc('\n', ctx);
}

static void put_arithmetic(FILE *out, const struct crux_cli_simulation *s) {
    const struct crux_case c = {.claim = *crux_archive_claim(s->play.executor),
                                .element = s->play.element,
                                .witness = s->play.witness,
                                .witness_bytes = s->play.witness_bytes};
    if (!s->play.has_element || s->play.witness == NULL) return;
    (void)fputs("<h2>The element, recomputed</h2>\n<pre>", out);
    crux_witness_show(&c, put_line, out);
    (void)fputs("</pre>\n", out);
}

static void put_page(FILE *out, const struct crux_cli_simulation *s) {
    char fault[FAULT_TEXT];
    crux_cli_fault_say(fault, sizeof fault, &s->fault, crux_cli_simulate_program(&s->model));
    (void)fputs(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>Crux: a dispute</title>\n<style>"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
        "1rem;color:#1d1b20;background:#fff}"
        "table{border-collapse:collapse}td,th{padding:.15rem .8rem;text-align:right;"
        "border-bottom:1px solid #ddd}td:nth-child(2),td:nth-child(3){text-align:left}"
        "pre{background:#f5f5f5;padding:1rem;overflow:auto;font-size:.85rem}"
        "svg{width:100%;font-size:15px}.same{fill:#b7d7b9}.picked{fill:#b3261e}"
        ".unseen{fill:#e3e3e3}.verdict{font-size:1.3rem;font-weight:600}"
        "</style></head>\n<body>\n<h1>A dispute, from the claim to one element</h1>\n",
        out);
    (void)fprintf(out, "<p class=\"verdict\" id=\"verdict\">%s wins: the claim %s.</p>\n",
                  crux_cli_simulation_winner(s), s->play.fell ? "has fallen" : "is final");
    (void)fputs("<p>Answer of the honest run: <q>", out);
    escape(out, s->answer.bytes == NULL ? "" : s->answer.bytes, s->answer.len);
    (void)fputs("</q></p>\n<p>Fault: ", out);
    put(out, fault);
    (void)fprintf(out, ". Seed %" PRIu64 ".</p>\n<h2>The narrowing</h2>\n", s->seed);
    draw(out, &s->play);
    (void)fputs("<p>Green: as the challenger computed it. Red: the first that is not.</p>\n", out);
    put_arithmetic(out, s);
    (void)fputs("<h2>The moves</h2>\n", out);
    put_moves(out, &s->play);
    (void)fputs("<h2>The money</h2>\n", out);
    put_ledger(out, &s->play);
    (void)fputs("</body></html>\n", out);
}

enum crux_cli_exit crux_cli_simulate_report(const struct crux_cli_call *call, const char *path,
                                            const struct crux_cli_simulation *s) {
    char message[CRUX_CLI_MESSAGE_BYTES];
    char *page = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&page, &len);
    if (out == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for a report");
    put_page(out, s);
    bool good = ferror(out) == 0;
    good = fclose(out) == 0 && good;
    enum crux_status status = good ? crux_cli_file_write(message, path, (const uint8_t *)page, len)
                                   : CRUX_E_OUT_OF_MEMORY;
    free(page);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "%s", good ? message : "no memory for a report");
}
