#include "cli/simulate_play.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MEMORY_BYTES = 16 << 20,
    SLOTS = 1 << 13,
    MONEY = 1000000,   /* of each account */
    STEP_SECONDS = 12, /* from one move to the next */
    EXECUTOR = 0,
    CHALLENGER = 1,
    BYSTANDER = 2
};

/* A game in progress. */
struct table {
    struct crux_cli_play *play;
    struct crux_game game;
    uint64_t now;
    uint8_t *memory, *scratch, *bytes;
    struct crux_archive_provider executor, own;
    struct crux_claim claim;
    struct crux_solver_move step;
};

const struct crux_game_parameters *crux_cli_play_parameters(void) {
    static const struct crux_game_parameters parameters = {
        .executor_bond = 10000,
        .reward = 4000,
        .challenger_bond = 1000,
        .defence_cost = 500,
        .demand_fee = 50,
        .window_seconds = 604800,
        .clock_seconds = 43200,
        .extension_seconds = 3600,
        .demand_seconds = 43200,
        .move_seconds = 240,
        .k = 16,
        .running_max = 4,
    };
    return &parameters;
}

static struct crux_account account_of(unsigned number) {
    struct crux_account account = {{0}};
    account.b[19] = (uint8_t)(number + 1);
    return account;
}

static double seconds_now(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) return 0;
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- moves ---- */

/* 32-byte slots that a chain fills for a move: hashes of reveals are kept as one hash. */
static uint32_t slots_of(uint8_t kind) {
    switch ((enum crux_move_kind)kind) {
    case CRUX_MOVE_POST:
    case CRUX_MOVE_SETTLE: return 5;
    case CRUX_MOVE_OPEN: return 6;
    case CRUX_MOVE_REGISTER:
    case CRUX_MOVE_SHOW:
    case CRUX_MOVE_ESCROW: return 3;
    case CRUX_MOVE_EXPAND: return 3;
    case CRUX_MOVE_REVEAL:
    case CRUX_MOVE_PUT:
    case CRUX_MOVE_DEMAND:
    case CRUX_MOVE_PUBLISH: return 1;
    case CRUX_MOVE_PICK:
    case CRUX_MOVE_SIGNED_PICK:
    case CRUX_MOVE_JUMP:
    case CRUX_MOVE_PROVE:
    case CRUX_MOVE_TIMEOUT:
    case CRUX_MOVE_REFUND:
    case CRUX_MOVE_FINALISE:
    case CRUX_MOVE_BIND:
    case CRUX_MOVE_PAY:
    case CRUX_MOVE_DELEGATE:
    case CRUX_MOVE_WITHDRAW: break;
    }
    return 0;
}

uint32_t crux_cli_gas_estimate(const uint8_t *bytes, size_t len, uint8_t kind) {
    size_t zeros = 0;
    for (size_t i = 0; i < len; i++) zeros += bytes[i] == 0;
    size_t least = 21000 + 10 * zeros + 40 * (len - zeros);
    size_t usual = 21000 + 4 * zeros + 16 * (len - zeros) + (size_t)22100 * slots_of(kind);
    if (kind == CRUX_MOVE_PROVE) usual += 60 * len;
    return (uint32_t)(usual > least ? usual : least);
}

static enum crux_status conserved(const struct table *table) {
    uint64_t total, deposited;
    enum crux_status status = crux_game_total(&table->game, &total, &deposited);
    return status == CRUX_OK && total != deposited ? CRUX_E_INTERNAL : status;
}

/* What the move is about to answer, while the game still says so. */
static void note_place(const struct table *table, struct crux_cli_move *noted,
                       const struct crux_move *move) {
    struct crux_game_dispute dispute;
    struct crux_game_reveal reveal;
    noted->dispute = move->dispute;
    if (crux_game_get_dispute(&table->game, &move->claim, move->dispute, &dispute) != CRUX_OK)
        return;
    noted->tree = (uint8_t)dispute.place.tree;
    noted->pick = (uint32_t)move->index;
    noted->padding = move->flag != 0;
    if (move->kind == CRUX_MOVE_PICK &&
        crux_game_get_reveal(&table->game, &move->claim, &dispute.place, &reveal) == CRUX_OK)
        noted->nodes = reveal.nodes;
    if (move->kind == CRUX_MOVE_PROVE) {
        struct crux_cursor cursor;
        crux_cursor_init(&cursor, dispute.element, sizeof dispute.element);
        table->play->has_element = dispute.stage == CRUX_STAGE_PROVE &&
                                   crux_element_decode(&table->play->element, dispute.element,
                                                       sizeof dispute.element) == CRUX_OK;
    }
}

/* Keeps the witness of a proof, whose pieces are all inline here. */
static enum crux_status keep_witness(struct crux_cli_play *play, const struct crux_move *move) {
    struct crux_cursor cursor;
    play->witness_bytes = 0;
    free(play->witness);
    play->witness = malloc(move->rest_bytes + 1);
    if (play->witness == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_cursor_init(&cursor, move->rest, move->rest_bytes);
    while (cursor.status == CRUX_OK && crux_cursor_left(&cursor) > 0) {
        if (crux_get_u8(&cursor) != 0) return CRUX_E_INTERNAL;
        uint32_t bytes = crux_get_u32(&cursor);
        const uint8_t *piece = crux_get_bytes(&cursor, bytes);
        if (cursor.status != CRUX_OK) return CRUX_E_INTERNAL;
        memcpy(play->witness + play->witness_bytes, piece, bytes);
        play->witness_bytes += bytes;
    }
    return CRUX_OK;
}

/* Makes a move, notes it, and counts it if it belongs to the first dispute.  Returns: the game's. */
static enum crux_status make(struct table *table, unsigned who, const struct crux_move *move) {
    struct crux_cli_play *play = table->play;
    struct crux_account sender = account_of(who);
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    struct crux_cli_move noted = {.time = table->now, .who = (uint8_t)who, .kind = move->kind};
    if (play->count == CRUX_CLI_MOVES_MAX) return CRUX_E_INTERNAL;
    crux_writer_init(&writer, table->bytes, CRUX_MOVE_BYTES_MAX);
    enum crux_status status = crux_move_encode(&writer, move);
    bool disputed = move->kind >= CRUX_MOVE_REVEAL && move->kind <= CRUX_MOVE_TIMEOUT &&
                    move->kind != CRUX_MOVE_PUT;
    if (disputed) note_place(table, &noted, move);
    if (status == CRUX_OK)
        status =
            crux_game_move(&table->game, &sender, table->now, table->bytes, writer.at, &outcome);
    if (status != CRUX_OK) return status;
    if (outcome.repeated) return CRUX_E_INTERNAL; /* an honest player repeats nothing */
    if (move->kind == CRUX_MOVE_SETTLE) play->id = outcome.claim;
    if (move->kind == CRUX_MOVE_PROVE) status = keep_witness(play, move);
    noted.bytes = (uint32_t)writer.at;
    noted.gas = crux_cli_gas_estimate(table->bytes, writer.at, move->kind);
    if (move->kind == CRUX_MOVE_PROVE) noted.witness_bytes = play->witness_bytes;
    if (move->kind == CRUX_MOVE_OPEN) noted.dispute = outcome.dispute;
    play->moves[play->count++] = noted;
    if ((disputed || move->kind == CRUX_MOVE_OPEN) && noted.dispute == 0) {
        play->transactions++;
        play->rounds += move->kind == CRUX_MOVE_PICK || move->kind == CRUX_MOVE_JUMP;
        play->bytes += noted.bytes;
        play->gas += noted.gas;
    }
    table->now += STEP_SECONDS;
    return status == CRUX_OK ? conserved(table) : status;
}

/* ---- before the dispute ---- */

static enum crux_status look(struct crux_cli_ledger *ledger, const struct table *table) {
    struct crux_game_chain chain;
    enum crux_status status = crux_game_get_chain(&table->game, &chain);
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_CLI_ACCOUNTS; i++) {
        struct crux_account key = account_of(i);
        struct crux_game_account account;
        status = crux_game_get_account(&table->game, &key, &account);
        ledger->balance[i] = account.balance;
    }
    ledger->bonds = chain.bonds;
    ledger->stakes = chain.stakes;
    ledger->burned = chain.burned;
    return status;
}

static enum crux_status set_up(struct table *table) {
    struct crux_cli_play *play = table->play;
    table->memory = malloc(MEMORY_BYTES);
    table->scratch = malloc(CRUX_WITNESS_BYTES_MAX);
    table->bytes = malloc(CRUX_MOVE_BYTES_MAX);
    play->moves = calloc(CRUX_CLI_MOVES_MAX, sizeof *play->moves);
    if (table->memory == NULL || table->scratch == NULL || table->bytes == NULL ||
        play->moves == NULL)
        return CRUX_E_OUT_OF_MEMORY;
    table->game =
        (struct crux_game){.scratch = table->scratch, .scratch_bytes = CRUX_WITNESS_BYTES_MAX};
    enum crux_status status =
        crux_game_memory_init(&table->game.store, table->memory, MEMORY_BYTES, SLOTS);
    if (status == CRUX_OK) status = crux_game_configure(&table->game, &play->parameters);
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_CLI_ACCOUNTS; i++) {
        struct crux_account account = account_of(i);
        status = crux_game_deposit(&table->game, &account, MONEY);
    }
    table->now = 1000;
    return status == CRUX_OK ? look(&play->before, table) : status;
}

static enum crux_status post(struct table *table) {
    const struct crux_model_tree *tree = &table->play->model->tree;
    uint8_t layers_root[32], hash[32], claim[CRUX_CLAIM_BYTES];
    static const uint8_t nobody[20];
    crux_merkle_tree_root(layers_root, &tree->layers);
    crux_claim_encode(claim, &table->claim);
    crux_claim_hash(hash, &table->claim);
    struct crux_move registering = {.kind = CRUX_MOVE_REGISTER,
                                    .header = tree->header,
                                    .manifest_hash = tree->manifest_hash,
                                    .layers_root = layers_root};
    struct crux_move settle = {.kind = CRUX_MOVE_SETTLE,
                               .hash = hash,
                               .count = 1,
                               .amount = table->play->parameters.executor_bond,
                               .account = nobody};
    enum crux_status status = make(table, EXECUTOR, &registering);
    if (status == CRUX_OK) status = make(table, EXECUTOR, &settle);
    struct crux_move show = {
        .kind = CRUX_MOVE_SHOW, .claim = table->play->id, .claim_bytes = claim, .rest = claim};
    return status == CRUX_OK ? make(table, EXECUTOR, &show) : status;
}

/* ---- players ---- */

static const struct crux_provider *served(const struct table *table) {
    return table->play->withhold ? NULL : &table->executor.provider;
}

/* In: target, and what it begins at. */
static enum crux_status open_at(struct table *table, enum crux_target target, uint64_t index,
                                uint32_t nonce, const struct crux_provider *trace) {
    const struct crux_cli_play *play = table->play;
    const struct crux_provider *own = &table->own.provider;
    enum crux_status status =
        crux_solver_open(&table->step, &play->id, &table->claim, target, index, nonce,
                         UINT64_C(1) << 40, play->model->program->header.layers, own, trace);
    if (status == CRUX_OK) status = make(table, CHALLENGER, &table->step.move);
    if (status == CRUX_OK) table->play->disputes++;
    return status;
}

/* Opens what this challenger would.  Out: play->target; 0: nothing. */
static enum crux_status open_disputes(struct table *table) {
    struct crux_cli_play *play = table->play;
    const struct crux_provider *own = play->own == NULL ? NULL : &table->own.provider;
    const uint8_t *request = table->own.evidence.request;
    uint64_t index = 0;
    double start = seconds_now();
    enum crux_status status = crux_solver_opening(&play->target, &index, &table->claim,
                                                  &play->model->program->header, request, own);
    play->seconds[CHALLENGER] += seconds_now() - start;
    if (status != CRUX_OK) return status;
    if (play->target != 0) return open_at(table, play->target, index, 1, served(table));
    if (play->player == CRUX_CLI_HONEST || play->player == CRUX_CLI_MUTE) return CRUX_OK;
    uint32_t wanted = play->player == CRUX_CLI_FLOOD ? CRUX_CLI_FLOOD_DISPUTES : 1;
    for (uint32_t i = 0; status == CRUX_OK && i < wanted; i++)
        status = open_at(table, CRUX_TARGET_TRACE, 0, i, NULL);
    return status;
}

/* Points at whatever there is.  Out: table->step.any. */
static enum crux_status sham_move(struct table *table, uint32_t dispute) {
    struct crux_cli_play *play = table->play;
    struct crux_solver_move *step = &table->step;
    struct crux_game_dispute d;
    struct crux_game_reveal reveal;
    enum crux_status status = crux_game_get_dispute(&table->game, &play->id, dispute, &d);
    step->any = false;
    if (status != CRUX_OK || crux_game_turn(&d) != CHALLENGER) return status;
    uint64_t end = 2;
    if (d.stage == CRUX_STAGE_PICK) {
        status = crux_game_get_reveal(&table->game, &play->id, &d.place, &reveal);
        end = reveal.nodes;
    }
    if (status != CRUX_OK) return status;
    if (d.stage ==
        CRUX_STAGE_ELEMENT) /* the first of the page: it holds one at least, or is padding */
        end = 1;
    memcpy(step->node, d.node, sizeof step->node);
    step->move = (struct crux_move){.kind = CRUX_MOVE_PICK,
                                    .claim = play->id,
                                    .dispute = dispute,
                                    .node = step->node,
                                    .round = d.round,
                                    .index = crux_cli_random_below(play->random, end)};
    if (d.stage == CRUX_STAGE_ELEMENT && d.place.tree == CRUX_GAME_OP) {
        uint64_t per_page = d.layout.page_bytes / d.layout.element_bytes;
        uint64_t rows_in = d.layout.stride_bytes / d.layout.element_bytes;
        uint64_t first = d.place.index * per_page; /* of the padded elements */
        if (first % rows_in >= d.layout.row_elements)
            return CRUX_OK; /* all padding: says nothing */
        step->move.index = first / rows_in * d.layout.row_elements + first % rows_in;
    }
    step->any = true;
    return CRUX_OK;
}

static enum crux_status challenger_move(struct table *table, uint32_t dispute) {
    struct crux_cli_play *play = table->play;
    bool has_reason = play->target != 0;
    table->step.any = false;
    if (!has_reason && play->player == CRUX_CLI_SHAM) return sham_move(table, dispute);
    if (!has_reason || play->player == CRUX_CLI_SILENT || play->player == CRUX_CLI_FLOOD)
        return CRUX_OK;
    double start = seconds_now();
    enum crux_status status =
        crux_solver_challenge(&table->step, &table->game, &play->id, dispute, &table->own.provider,
                              served(table), table->now);
    play->seconds[CHALLENGER] += seconds_now() - start;
    return status;
}

/* A liar does what it can: a trace that does not fit itself leaves it silent. */
static enum crux_status executor_move(struct table *table, uint32_t dispute) {
    struct crux_cli_play *play = table->play;
    table->step.any = false;
    if (play->player == CRUX_CLI_MUTE) return CRUX_OK;
    double start = seconds_now();
    enum crux_status status = crux_solver_defend(&table->step, &table->game, &play->id, dispute,
                                                 &table->executor.provider, table->now);
    play->seconds[EXECUTOR] += seconds_now() - start;
    if (status == CRUX_OK || status == CRUX_E_OUT_OF_MEMORY) return status;
    table->step.any = false;
    return CRUX_OK;
}

/* ---- the dispute ---- */

/* One pass over the disputes.  Out: moved, open. */
static enum crux_status pass(struct table *table, bool *moved, bool *open) {
    struct crux_cli_play *play = table->play;
    *moved = *open = false;
    for (uint32_t i = 0; i < play->disputes; i++) {
        struct crux_game_dispute dispute;
        enum crux_status status = crux_game_get_dispute(&table->game, &play->id, i, &dispute);
        if (status != CRUX_OK) return status;
        if (dispute.stage >= CRUX_STAGE_WON) continue;
        *open = true;
        unsigned who = crux_game_turn(&dispute) == CHALLENGER ? CHALLENGER : EXECUTOR;
        if (dispute.stage == CRUX_STAGE_QUEUED) continue;
        status = who == CHALLENGER ? challenger_move(table, i) : executor_move(table, i);
        if (status != CRUX_OK) return status;
        if (!table->step.any && who == EXECUTOR && play->target != 0) {
            who = CHALLENGER; /* whose solver calls the timeout */
            status = challenger_move(table, i);
        } else if (!table->step.any && who == CHALLENGER) {
            who = EXECUTOR;
            status = executor_move(table, i);
        }
        if (status != CRUX_OK) return status;
        if (!table->step.any) continue;
        status = make(table, who, &table->step.move);
        /* the chain refuses what a liar cannot prove; its clock runs on */
        if (status != CRUX_OK && who == EXECUTOR && play->target != 0 && status != CRUX_E_INTERNAL)
            continue;
        if (status != CRUX_OK) return status;
        *moved = true;
        struct crux_game_claim claim;
        status = crux_game_get_claim(&table->game, &play->id, &claim);
        if (status != CRUX_OK || claim.fallen) {
            *open = false;
            return status;
        }
    }
    return CRUX_OK;
}

/* The earliest deadline of a running dispute has passed. */
static enum crux_status wait(struct table *table) {
    uint64_t next = UINT64_MAX;
    for (uint32_t i = 0; i < table->play->disputes; i++) {
        struct crux_game_dispute dispute;
        enum crux_status status =
            crux_game_get_dispute(&table->game, &table->play->id, i, &dispute);
        if (status != CRUX_OK) return status;
        if (dispute.stage >= CRUX_STAGE_WON) continue;
        uint64_t deadline = crux_game_deadline(&dispute);
        if (deadline < next) next = deadline;
    }
    if (next == UINT64_MAX || next < table->now) return CRUX_E_INTERNAL; /* stuck */
    table->now = next + 1;
    return CRUX_OK;
}

static enum crux_status dispute(struct table *table) {
    bool moved, open = true;
    enum crux_status status = open_disputes(table);
    while (status == CRUX_OK && open) {
        status = pass(table, &moved, &open);
        if (status == CRUX_OK && open && !moved) status = wait(table);
    }
    return status;
}

static enum crux_status refunds(struct table *table) {
    for (uint32_t i = 0; i < table->play->disputes; i++) {
        struct crux_game_dispute d;
        enum crux_status status = crux_game_get_dispute(&table->game, &table->play->id, i, &d);
        if (status != CRUX_OK) return status;
        if (d.stage >= CRUX_STAGE_WON) continue; /* over */
        struct crux_move refund = {
            .kind = CRUX_MOVE_REFUND, .claim = table->play->id, .dispute = i};
        status = make(table, CHALLENGER, &refund);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

/* The window is over: what is left is paid back, and the one question is asked. */
static enum crux_status settle_up(struct table *table) {
    struct crux_cli_play *play = table->play;
    struct crux_game_claim claim;
    const struct crux_move finalise = {.kind = CRUX_MOVE_FINALISE, .claim = play->id};
    struct crux_final_question question = {.claim = play->id,
                                           .executor = account_of(EXECUTOR),
                                           .least_bond = play->parameters.executor_bond};
    enum crux_status status = crux_game_get_claim(&table->game, &play->id, &claim);
    if (status != CRUX_OK) return status;
    play->fell = claim.fallen != 0;
    if (play->fell) status = refunds(table);
    table->now += play->parameters.window_seconds;
    if (status == CRUX_OK && !play->fell) status = make(table, BYSTANDER, &finalise);
    if (status != CRUX_OK) return status;
    crux_claim_hash(question.claim_hash, &table->claim);
    memcpy(question.model_root, table->claim.model_root, 32);
    memcpy(question.request_hash, table->claim.request_hash, 32);
    memcpy(question.output_root, table->claim.output_root, 32);
    status = crux_game_is_final(&play->final, &table->game, &question, table->now);
    return status == CRUX_OK ? look(&play->after, table) : status;
}

enum crux_status crux_cli_play(struct crux_cli_play *play) {
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) return CRUX_E_OUT_OF_MEMORY;
    table->play = play;
    table->claim = *crux_archive_claim(play->executor);
    crux_archive_provider(&table->executor, play->executor);
    if (play->own != NULL) crux_archive_provider(&table->own, play->own);
    enum crux_status status = set_up(table);
    if (status == CRUX_OK) status = post(table);
    if (status == CRUX_OK) status = dispute(table);
    if (status == CRUX_OK) status = settle_up(table);
    free(table->memory);
    free(table->scratch);
    free(table->bytes);
    free(table);
    return status;
}

void crux_cli_play_free(struct crux_cli_play *play) {
    free(play->moves);
    free(play->witness);
}
