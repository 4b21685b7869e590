#include "cli/simulate_runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"

static struct crux_cli_runs_line *line_of(struct crux_cli_runs *runs, const char *fault) {
    for (size_t i = 0; i < runs->count; i++) {
        if (strcmp(runs->line[i].fault, fault) == 0) return &runs->line[i];
    }
    void *grown = realloc(runs->line, (runs->count + 1) * sizeof *runs->line);
    if (grown == NULL) return NULL;
    runs->line = grown;
    runs->line[runs->count] = (struct crux_cli_runs_line){.fault = fault};
    return &runs->line[runs->count++];
}

static void most(uint64_t *of, uint64_t value) {
    if (value > *of) *of = value;
}

static void add_network(struct crux_cli_network_figures *sum,
                        const struct crux_cli_network_figures *n) {
    sum->sent += n->sent;
    sum->sent_again += n->sent_again;
    sum->delayed += n->delayed;
    sum->dropped += n->dropped;
    sum->repeated += n->repeated;
    sum->reordered += n->reordered;
    sum->censored += n->censored;
    sum->no_ops += n->no_ops;
    sum->refused += n->refused;
    sum->reorgs += n->reorgs;
    sum->undone += n->undone;
}

enum crux_status crux_cli_runs_add(struct crux_cli_runs *runs, const char *fault,
                                   const struct crux_cli_simulation *s) {
    struct crux_cli_runs_line *line = line_of(runs, fault);
    const struct crux_cli_play *play = &s->play;
    if (line == NULL) return CRUX_E_OUT_OF_MEMORY;
    line->runs++;
    line->fell += play->fell;
    line->final += play->final;
    line->unjust += !crux_cli_simulation_just(s) && play->cover.holds;
    line->uncovered += !crux_cli_simulation_just(s) && !play->cover.holds;
    add_network(&line->network, &play->network);
    runs->cover = play->cover;
    runs->has_conditions = crux_cli_conditions_any(&play->conditions);
    line->transactions += play->transactions;
    line->seconds_executor += s->seconds_executor;
    line->seconds_challenger += s->seconds_challenger;
    most(&line->transactions_most, play->transactions);
    most(&line->bytes_most, play->bytes);
    most(&line->witness_most, play->witness_bytes);
    most(&line->gas_most, play->gas);
    return CRUX_OK;
}

enum crux_status crux_cli_runs_skip(struct crux_cli_runs *runs, const char *fault) {
    struct crux_cli_runs_line *line = line_of(runs, fault);
    if (line == NULL) return CRUX_E_OUT_OF_MEMORY;
    line->skipped++;
    return CRUX_OK;
}

static double mean(double sum, uint64_t count) {
    return count == 0 ? 0 : sum / (double)count;
}

static json_t *describe_line(const struct crux_cli_runs_line *l) {
    return json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:f, s:f, s:o}", "fault",
        l->fault, "runs", (json_int_t)l->runs, "skipped", (json_int_t)l->skipped, "fell",
        (json_int_t)l->fell, "final", (json_int_t)l->final, "honest_losses",
        (json_int_t)(l->unjust + l->uncovered), "uncovered_losses", (json_int_t)l->uncovered,
        "transactions_mean", mean((double)l->transactions, l->runs), "transactions_max",
        (json_int_t)l->transactions_most, "bytes_max", (json_int_t)l->bytes_most,
        "witness_bytes_max", (json_int_t)l->witness_most, "gas_estimate_max",
        (json_int_t)l->gas_most, "seconds_executor", mean(l->seconds_executor, l->runs),
        "seconds_challenger", mean(l->seconds_challenger, l->runs), "chain",
        crux_cli_simulate_describe_chain(&l->network));
}

static json_t *describe(const struct crux_cli_runs *runs, uint64_t lost, uint64_t all) {
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < runs->count; i++)
        (void)json_array_append_new(list, describe_line(&runs->line[i]));
    return json_pack("{s:I, s:I, s:o, s:o}", "runs", (json_int_t)all, "honest_losses",
                     (json_int_t)lost, "clocks", crux_cli_simulate_describe_cover(&runs->cover),
                     "faults", list);
}

static void say_chain(const struct crux_cli_runs *runs, uint64_t uncovered) {
    struct crux_cli_network_figures n = {0};
    const struct crux_cli_cover *cover = &runs->cover;
    if (!runs->has_conditions) return;
    for (size_t i = 0; i < runs->count; i++) add_network(&n, &runs->line[i].network);
    printf("chain: %" PRIu64 " moves sent, %" PRIu64 " of them again; %" PRIu64 " late, %" PRIu64
           " lost, %" PRIu64 " twice, %" PRIu64 " overtaken, %" PRIu64 " censored; %" PRIu64
           " reorganisations took back %" PRIu64 "; %" PRIu64 " refused, %" PRIu64
           " made already\n",
           n.sent, n.sent_again, n.delayed, n.dropped, n.repeated, n.reordered, n.censored,
           n.reorgs, n.undone, n.refused, n.no_ops);
    printf("at worst a side needs %" PRIu64 " s here; its clock holds %" PRIu64 " s\n",
           cover->needed_seconds, cover->clock_seconds);
    if (uncovered > 0)
        printf("the honest side lost %" PRIu64 ": its clock is too short for this chain\n",
               uncovered);
}

static void say(const struct crux_cli_runs *runs) {
    printf("%-20s %6s %6s %6s %8s %6s %8s %9s %10s %10s\n", "fault", "runs", "fell", "final",
           "moves", "most", "bytes", "witness", "executor", "challenger");
    for (size_t i = 0; i < runs->count; i++) {
        const struct crux_cli_runs_line *l = &runs->line[i];
        printf("%-20s %6" PRIu64 " %6" PRIu64 " %6" PRIu64 " %8.1f %6" PRIu64 " %8" PRIu64
               " %9" PRIu64 " %8.2f s %8.2f s",
               l->fault, l->runs, l->fell, l->final, mean((double)l->transactions, l->runs),
               l->transactions_most, l->bytes_most, l->witness_most,
               mean(l->seconds_executor, l->runs), mean(l->seconds_challenger, l->runs));
        if (l->skipped > 0) printf("  (%" PRIu64 " not to be planted)", l->skipped);
        printf("\n");
    }
}

enum crux_cli_exit crux_cli_runs_say(const struct crux_cli_call *call,
                                     const struct crux_cli_runs *runs) {
    uint64_t unjust = 0, uncovered = 0, all = 0;
    for (size_t i = 0; i < runs->count; i++) {
        unjust += runs->line[i].unjust;
        uncovered += runs->line[i].uncovered;
        all += runs->line[i].runs;
    }
    if (call->json && unjust == 0) return crux_cli_answer(call, describe(runs, uncovered, all));
    if (!call->json) say(runs);
    if (unjust > 0)
        return crux_cli_fail(call, CRUX_E_INTERNAL, "the honest side lost %" PRIu64 " of %" PRIu64,
                             unjust, all);
    say_chain(runs, uncovered);
    if (uncovered == 0) printf("%" PRIu64 " simulations, the honest side won each\n", all);
    return CRUX_CLI_OK;
}

void crux_cli_runs_free(struct crux_cli_runs *runs) {
    free(runs->line);
}
