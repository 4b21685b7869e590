/* Every kind of fault in turn: the lie, with its trace served and withheld, and a sham challenger who disputes the same
 * thing in the honest run. The honest run is computed once; of a liar's step only what its lie changes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/simulate.h"

enum { PLACE_TEXT = 200, GAMES = 3 };

enum game { SERVED, WITHHELD, SHAM };

struct figures {
    uint32_t transactions, rounds, witness_bytes;
    uint64_t bytes, gas;
    bool just;
};

struct row {
    const char *name;
    enum crux_cli_player player; /* HONEST, or an executor who is not */
    bool planted;
    char place[PLACE_TEXT];
    struct figures game[GAMES];
    double seconds[2]; /* served */
};

struct table {
    struct row *row;
    size_t count;
};

/* ---- which ---- */

static bool add_row(struct table *table, const char *name, enum crux_cli_player player) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->row[i].name, name) == 0) return true;
    }
    void *grown = realloc(table->row, (table->count + 1) * sizeof *table->row);
    if (grown == NULL) return false;
    table->row = grown;
    table->row[table->count++] = (struct row){.name = name, .player = player};
    return true;
}

static bool add_rows(struct table *table, const struct crux_program *program, bool every_op) {
    for (uint32_t i = 0; every_op && i < program->op_count; i++) {
        if (!add_row(table, program->ops[i].label, CRUX_CLI_HONEST)) return false;
    }
    for (unsigned code = CRUX_LOAD; !every_op && code <= CRUX_FIND; code++) {
        if (!add_row(table, crux_opcode_name(code), CRUX_CLI_HONEST)) return false;
    }
    for (int kind = CRUX_CLI_FAULT_SAMPLING; kind < CRUX_CLI_FAULTS; kind++) {
        if (!add_row(table, crux_cli_fault_name((enum crux_cli_fault_kind)kind), CRUX_CLI_HONEST))
            return false;
    }
    return add_row(table, "mute", CRUX_CLI_MUTE) && add_row(table, "hiding", CRUX_CLI_HIDING);
}

/* ---- playing ---- */

static enum crux_status note(struct figures *figures, const struct crux_cli_simulation *s,
                             enum crux_status status) {
    const struct crux_cli_play *play = &s->play;
    if (status != CRUX_OK) return status;
    *figures = (struct figures){.transactions = play->transactions,
                                .rounds = play->rounds,
                                .witness_bytes = play->witness_bytes,
                                .bytes = play->bytes,
                                .gas = play->gas,
                                .just = crux_cli_simulation_just(s)};
    return CRUX_OK;
}

static enum crux_status fill_row(struct row *row, struct crux_cli_simulation *s,
                                 const struct crux_cli_play *how) {
    struct crux_cli_play game = *how;
    const char *fault = row->player == CRUX_CLI_HONEST   ? row->name
                        : row->player == CRUX_CLI_HIDING ? "none"
                                                         : "token";
    enum crux_status status = crux_cli_simulate_prepare(s, fault, s->seed);
    if (status == CRUX_E_UNSUPPORTED) return CRUX_OK;
    if (status != CRUX_OK) return status;
    game.player = row->player;
    game.withhold = false;
    status = note(&row->game[SERVED], s, crux_cli_simulate_play(s, &game));
    row->seconds[0] = s->seconds_executor;
    row->seconds[1] = s->seconds_challenger;
    game.withhold = true;
    if (status == CRUX_OK) status = note(&row->game[WITHHELD], s, crux_cli_simulate_play(s, &game));
    if (status == CRUX_OK) status = note(&row->game[SHAM], s, crux_cli_simulate_play_sham(s, how));
    row->planted = status == CRUX_OK;
    if (row->player == CRUX_CLI_MUTE)
        (void)snprintf(row->place, sizeof row->place, "the executor says nothing in the dispute");
    else if (row->player == CRUX_CLI_HIDING)
        (void)snprintf(row->place, sizeof row->place, "the executor never shows its claim");
    else
        crux_cli_fault_say(row->place, sizeof row->place, &s->fault,
                           crux_cli_simulate_program(&s->model));
    return status;
}

static void progress(size_t done, size_t all) {
    if (isatty(STDERR_FILENO) == 0) return;
    (void)fprintf(stderr, "\r%zu of %zu faults", done, all);
    if (done == all) (void)fprintf(stderr, "\r%40s\r", "");
}

/* ---- telling ---- */

struct sum {
    uint64_t planted, skipped, lost; /* lost: games, by an honest side */
    uint32_t moves[GAMES], witness_bytes;
};

static struct sum add_up(const struct table *table) {
    struct sum sum = {0};
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->row[i];
        sum.planted += row->planted;
        sum.skipped += !row->planted;
        for (unsigned g = 0; row->planted && g < GAMES; g++) {
            const struct figures *f = &row->game[g];
            sum.lost += !f->just;
            if (f->transactions > sum.moves[g]) sum.moves[g] = f->transactions;
            if (f->witness_bytes > sum.witness_bytes) sum.witness_bytes = f->witness_bytes;
        }
    }
    return sum;
}

static void say_row(const struct row *row) {
    const struct crux_cli_style *style = crux_cli_style();
    const struct figures *f = row->game;
    if (!row->planted) {
        printf("%s%-20s nothing of the kind changes what this run claims%s\n", style->dim,
               row->name, style->off);
        return;
    }
    printf("%-20s %5u %6" PRIu64 " %7" PRIu64 "  %5u %6" PRIu64
           "  %7u %8.2f s %8.2f s  %5u %6" PRIu64 "  %s%s%s%s\n",
           row->name, (unsigned)f[SERVED].transactions, f[SERVED].bytes, f[SERVED].gas,
           (unsigned)f[WITHHELD].transactions, f[WITHHELD].bytes, (unsigned)f[SERVED].witness_bytes,
           row->seconds[0], row->seconds[1], (unsigned)f[SHAM].transactions, f[SHAM].bytes,
           style->dim, row->place, style->off,
           f[SERVED].just && f[WITHHELD].just && f[SHAM].just ? "" : "  THE HONEST SIDE LOST");
}

static void say(const struct crux_cli_simulation *s, const struct table *table) {
    printf("%-20s %-20s  %-12s  %7s %10s %10s  %-12s\n", "", "served: moves, bytes,", "withheld",
           "", "seconds", "", "sham");
    printf("%-20s %5s %6s %7s  %5s %6s  %7s %10s %10s  %5s %6s  %s\n", "fault", "", "", "gas",
           "moves", "bytes", "witness", "executor", "challenger", "moves", "bytes", "where");
    for (size_t i = 0; i < table->count; i++) say_row(&table->row[i]);
    const struct sum sum = add_up(table);
    printf("%" PRIu64 " faults, %" PRIu64 " games: the honest side %s; at most %u moves served, %u "
           "withheld, witnesses of at most %u bytes; seconds are of the run (%.2f s), of the "
           "disputed step by the law and of the moves\n",
           sum.planted, GAMES * sum.planted, sum.lost == 0 ? "won each" : "lost some",
           (unsigned)sum.moves[SERVED], (unsigned)sum.moves[WITHHELD], (unsigned)sum.witness_bytes,
           s->seconds_honest);
}

static json_t *describe_game(const struct figures *f) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:b}", "transactions", (json_int_t)f->transactions,
                     "rounds", (json_int_t)f->rounds, "bytes", (json_int_t)f->bytes,
                     "witness_bytes", (json_int_t)f->witness_bytes, "gas_estimate",
                     (json_int_t)f->gas, "honest_won", (int)f->just);
}

static json_t *describe(const struct crux_cli_simulation *s, const struct table *table) {
    const struct sum sum = add_up(table);
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < table->count; i++) {
        const struct row *row = &table->row[i];
        (void)json_array_append_new(
            list, row->planted ? json_pack("{s:s, s:b, s:s, s:o, s:o, s:o, s:f, s:f}", "fault",
                                           row->name, "planted", 1, "place", row->place, "served",
                                           describe_game(&row->game[SERVED]), "withheld",
                                           describe_game(&row->game[WITHHELD]), "sham",
                                           describe_game(&row->game[SHAM]), "seconds_executor",
                                           row->seconds[0], "seconds_challenger", row->seconds[1])
                               : json_pack("{s:s, s:b}", "fault", row->name, "planted", 0));
    }
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}", "planted", (json_int_t)sum.planted,
                     "skipped", (json_int_t)sum.skipped, "honest_losses", (json_int_t)sum.lost,
                     "transactions_served_max", (json_int_t)sum.moves[SERVED],
                     "transactions_withheld_max", (json_int_t)sum.moves[WITHHELD],
                     "witness_bytes_max", (json_int_t)sum.witness_bytes, "seconds_run",
                     s->seconds_honest, "faults", list);
}

enum crux_cli_exit crux_cli_simulate_each(const struct crux_cli_call *call,
                                          struct crux_cli_simulation *s,
                                          const struct crux_cli_play *how, bool every_op) {
    struct table table = {.count = 0};
    enum crux_status status = add_rows(&table, crux_cli_simulate_program(&s->model), every_op)
                                  ? CRUX_OK
                                  : CRUX_E_OUT_OF_MEMORY;
    size_t at = 0;
    for (; status == CRUX_OK && at < table.count; at++) {
        status = fill_row(&table.row[at], s, how);
        progress(at + 1, table.count);
    }
    enum crux_cli_exit code = CRUX_CLI_OK;
    const struct sum sum = add_up(&table);
    if (status != CRUX_OK)
        code = crux_cli_fail(call, status, "the simulation of %.100s: %s",
                             at == 0 ? "each" : table.row[at - 1].name, crux_status_text(status));
    else if (!call->json)
        say(s, &table);
    if (code == CRUX_CLI_OK && sum.lost != 0)
        code =
            crux_cli_fail(call, CRUX_E_INTERNAL, "an honest side lost %" PRIu64 " games", sum.lost);
    if (code == CRUX_CLI_OK && call->json) code = crux_cli_answer(call, describe(s, &table));
    free(table.row);
    return code;
}
