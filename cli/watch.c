/* crux watch: a live view of a chain's claims and disputes. Plain text, drawn again; the screen is left as it was. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "chain-adapter/io/json.h"
#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

enum { OPTION_CHAIN, OPTION_EVERY, OPTION_ONCE, OPTION_COUNT };

const struct crux_cli_option crux_cli_watch_options[] = {
    [OPTION_CHAIN] = {.name = "chain",
                      .kind = CRUX_CLI_TEXT,
                      .value = "URL",
                      .help = "where the claims live: local:PATH"},
    [OPTION_EVERY] = {.name = "every",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "MS",
                      .help = "milliseconds from one picture to the next (default 1000)",
                      .least = 50,
                      .most = 3600000},
    [OPTION_ONCE] = {.name = "once", .help = "one picture, and end"},
    [OPTION_COUNT] = {.name = NULL},
};

enum { BATCHES_MAX = 64, DISPUTES_MAX = 256, CLAIMS_LOOKED_MAX = 65536 };

/* A dispute that is open. */
struct row {
    struct crux_game_dispute dispute;
    uint64_t leaves,
        covered; /* trace leaves in all, and under its place; 0: it is below the trace */
};

/* The last batches, and the open disputes in them. */
struct picture {
    struct crux_game_chain chain;
    uint64_t now, looked;
    struct crux_game_batch batch[BATCHES_MAX]; /* newest first */
    uint32_t batches;
    struct row row[DISPUTES_MAX];
    uint32_t rows;
    bool is_whole; /* nothing was left out */
};

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

/* ---- looking ---- */

static void measure(struct row *row, const struct crux_game_claim *claim) {
    const struct crux_game_place *place = &row->dispute.place;
    if (place->tree != CRUX_GAME_TRACE) return;
    row->leaves = (uint64_t)crux_claim_positions(&claim->claim) * claim->layers + 1;
    uint64_t first = place->index << place->level, end = (place->index + 1) << place->level;
    if (end > row->leaves) end = row->leaves;
    row->covered = end > first ? end - first : 0;
}

static enum crux_status look_claim(struct picture *picture, const struct crux_game *game,
                                   const struct crux_claim_id *id) {
    struct crux_game_claim claim;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK || claim.open == 0) return status;
    for (uint32_t i = 0; status == CRUX_OK && i < claim.disputes; i++) {
        struct row *row = &picture->row[picture->rows];
        if (picture->rows == DISPUTES_MAX) {
            picture->is_whole = false;
            return CRUX_OK;
        }
        memset(row, 0, sizeof *row);
        status = crux_game_get_dispute(game, id, i, &row->dispute);
        if (status != CRUX_OK || row->dispute.stage >= CRUX_STAGE_WON) continue;
        measure(row, &claim);
        picture->rows++;
    }
    return status;
}

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct picture *picture = ctx;
    picture->now = now;
    picture->is_whole = true;
    enum crux_status status = crux_game_get_chain(game, &picture->chain);
    for (uint64_t left = status == CRUX_OK ? picture->chain.batches : 0; left > 0; left--) {
        struct crux_game_batch batch;
        status = crux_game_get_batch(game, left - 1, &batch);
        if (status != CRUX_OK) return status;
        if (picture->batches < BATCHES_MAX) picture->batch[picture->batches++] = batch;
        for (uint32_t m = 0; batch.open > 0 && m < batch.count; m++) {
            const struct crux_claim_id id = {batch.key, m, 0};
            if (picture->looked++ == CLAIMS_LOOKED_MAX) {
                picture->is_whole = false;
                return CRUX_OK;
            }
            status = look_claim(picture, game, &id);
            if (status != CRUX_OK) return status;
        }
    }
    return status;
}

/* ---- drawing ---- */

static const char *turn_of(const struct crux_game_dispute *dispute) {
    static const char *const names[] = {"executor", "challenger", "-"};
    return names[crux_game_turn(dispute) < 2 ? crux_game_turn(dispute) : 2];
}

static const char *tree_of(const struct crux_game_place *place) {
    static const char *const names[] = {"-", "trace", "output", "step", "tensors", "record", "op"};
    return names[place->tree < CRUX_ARRAY_LEN(names) ? place->tree : 0];
}

static json_t *describe_dispute(const struct row *row) {
    const struct crux_game_dispute *d = &row->dispute;
    uint64_t deadline = crux_game_deadline(d);
    return json_pack("{s:I, s:I, s:I, s:s, s:s, s:o, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o}",
                     "batch", (json_int_t)d->key.batch, "member", (json_int_t)d->key.member,
                     "number", (json_int_t)d->key.number, "stage", crux_cli_chain_stage(d->stage),
                     "turn", turn_of(d), "deadline",
                     deadline == UINT64_MAX ? json_null() : json_integer((json_int_t)deadline),
                     "round", (json_int_t)d->round, "tree", tree_of(&d->place), "position",
                     (json_int_t)d->place.pos, "layer", (json_int_t)d->place.layer, "op",
                     (json_int_t)d->place.op, "leaves", (json_int_t)row->leaves, "covered",
                     (json_int_t)row->covered, "challenger",
                     crux_json_of_bytes(d->challenger.b, sizeof d->challenger.b));
}

static json_t *describe(const struct picture *picture) {
    json_t *batches = json_array(), *disputes = json_array();
    for (uint32_t i = 0; i < picture->batches; i++)
        (void)json_array_append_new(batches, crux_cli_chain_json_batch(&picture->batch[i]));
    for (uint32_t i = 0; i < picture->rows; i++)
        (void)json_array_append_new(disputes, describe_dispute(&picture->row[i]));
    return json_pack("{s:I, s:I, s:b, s:o, s:o}", "time", (json_int_t)picture->now, "batch_count",
                     (json_int_t)picture->chain.batches, "whole", (int)picture->is_whole, "batches",
                     batches, "disputes", disputes);
}

/* Lines that still fit the screen. */
struct canvas {
    unsigned lines, columns;
    bool is_screen;
};

CRUX_PRINTF(2, 3)
static void line(struct canvas *canvas, const char *format, ...) {
    char text[512];
    va_list args;
    if (canvas->lines == 0) return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (canvas->is_screen)
        (void)printf("%.*s\033[K\r\n", (int)canvas->columns, text);
    else
        (void)printf("%s\n", text);
    canvas->lines--;
}

static void clock_text(char text[64], uint64_t deadline, uint64_t now) {
    uint64_t left = deadline > now ? deadline - now : 0;
    if (deadline == UINT64_MAX)
        (void)snprintf(text, 64, "-");
    else
        (void)snprintf(text, 64, "%s%02llu:%02llu:%02llu", deadline < now ? "over " : "",
                       (unsigned long long)(left / 3600), (unsigned long long)(left / 60 % 60),
                       (unsigned long long)(left % 60));
}

/* How far a trace is narrowed: each # is a halving. */
static void bar_text(char text[48], const struct row *row) {
    unsigned done = 0, all = 0;
    text[0] = 0;
    for (uint64_t n = row->leaves; n > 1; n = (n + 1) / 2) all++;
    for (uint64_t n = row->covered; n > 1; n = (n + 1) / 2) done++;
    if (row->leaves == 0) {
        (void)snprintf(text, 48, "position %u, layer %u", (unsigned)row->dispute.place.pos,
                       (unsigned)row->dispute.place.layer);
        return;
    }
    done = all - done;
    for (unsigned i = 0; i < all && i < 40; i++) text[i] = i < done ? '#' : '.';
    text[all < 40 ? all : 40] = 0;
}

static void draw_dispute(struct canvas *canvas, const struct row *row, uint64_t now) {
    const struct crux_game_dispute *d = &row->dispute;
    char left[64], bar[48];
    clock_text(left, crux_game_deadline(d), now);
    bar_text(bar, row);
    line(canvas, "%6llu/%-4u %3u  %-8s %-10s %13s  %5u  %-8s %s", (unsigned long long)d->key.batch,
         (unsigned)d->key.member, (unsigned)d->key.number, crux_cli_chain_stage(d->stage),
         turn_of(d), left, (unsigned)d->round, tree_of(&d->place), bar);
}

static void draw(struct canvas *canvas, const struct picture *picture) {
    line(canvas,
         "time %llu   batches %llu   open disputes %u%s   bonds %llu   stakes %llu   burned "
         "%llu",
         (unsigned long long)picture->now, (unsigned long long)picture->chain.batches,
         (unsigned)picture->rows, picture->is_whole ? "" : " or more",
         (unsigned long long)picture->chain.bonds, (unsigned long long)picture->chain.stakes,
         (unsigned long long)picture->chain.burned);
    line(canvas, " ");
    if (picture->rows > 0)
        line(canvas, "%11s %3s  %-8s %-10s %13s  %5s  %-8s %s", "claim", "no", "stage", "turn",
             "left", "round", "tree", "narrowed");
    for (uint32_t i = 0; i < picture->rows; i++)
        draw_dispute(canvas, &picture->row[i], picture->now);
    if (picture->rows > 0) line(canvas, " ");
    line(canvas, "%8s  %-8s %8s %7s %6s %10s  %s", "batch", "mode", "claims", "fallen", "open",
         "window", "executor");
    for (uint32_t i = 0; i < picture->batches; i++) {
        const struct crux_game_batch *batch = &picture->batch[i];
        char executor[41], window[64];
        clock_text(window, batch->posted_at + batch->parameters.window_seconds, picture->now);
        crux_cli_chain_hex(executor, batch->executor.b, sizeof batch->executor.b);
        line(canvas, "%8llu  %-8s %8u %7u %6u %10s  %s", (unsigned long long)batch->key,
             crux_cli_chain_mode(batch->mode), (unsigned)batch->count, (unsigned)batch->fallen,
             (unsigned)batch->open, strncmp(window, "over", 4) == 0 ? "over" : window, executor);
    }
}

static void show(const struct picture *picture, bool is_screen) {
    struct canvas canvas = {.lines = UINT32_MAX, .columns = 500, .is_screen = is_screen};
    struct winsize size;
    if (is_screen) {
        bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
        canvas.lines = known ? size.ws_row - 1u : 23;
        canvas.columns = known && size.ws_col > 0 ? size.ws_col : 80;
        (void)fputs("\033[H", stdout);
    }
    draw(&canvas, picture);
    if (is_screen) (void)fputs("\033[J", stdout);
    (void)fflush(stdout);
}

/* ---- the command ---- */

static enum crux_cli_exit once(const struct crux_cli_call *call, struct crux_chain *chain,
                               struct picture *picture, bool is_screen) {
    memset(picture, 0, sizeof *picture);
    enum crux_status status = chain->ops->look(chain, look, picture);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", chain->message);
    if (!call->json) {
        show(picture, is_screen);
        return CRUX_CLI_OK;
    }
    json_t *object = describe(picture);
    if (object == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory");
    (void)json_dumpf(object, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(object);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_watch(const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    const struct sigaction action = {.sa_handler = on_signal};
    uint64_t every = option[OPTION_EVERY].given ? option[OPTION_EVERY].number : 1000;
    const struct timespec pause = {.tv_sec = (time_t)(every / 1000),
                                   .tv_nsec = (long)(every % 1000) * 1000000};
    struct crux_chain chain;
    if (!option[OPTION_CHAIN].given) return crux_cli_fail(call, CRUX_E_USAGE, "--chain is needed");
    struct picture *picture = malloc(sizeof *picture);
    if (picture == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory");
    enum crux_cli_exit code = crux_cli_chain_url(&chain, call, option[OPTION_CHAIN].text);
    if (code != CRUX_CLI_OK) {
        free(picture);
        return code;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    bool is_screen = !call->json && !option[OPTION_ONCE].given && isatty(STDOUT_FILENO) != 0;
    if (is_screen) (void)fputs("\033[?1049h\033[?25l", stdout); /* another screen, no cursor */
    while (code == CRUX_CLI_OK && !stopped && ferror(stdout) == 0) {
        code = once(call, &chain, picture, is_screen);
        if (option[OPTION_ONCE].given || stopped) break;
        (void)nanosleep(&pause, NULL); /* a signal ends it */
    }
    if (is_screen) {
        (void)fputs("\033[?25h\033[?1049l", stdout);
        (void)fflush(stdout);
    }
    chain.ops->close(&chain);
    free(picture);
    return code;
}
