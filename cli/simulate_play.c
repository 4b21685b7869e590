/* The game goes block by block: what is due is included, blocks are replaced, and then everybody looks. When nobody has
 * anything to do, time goes to where somebody will have. */
#include "cli/simulate_play.h"

#include <stdlib.h>
#include <string.h>

#include "cli/simulate_table.h"

enum {
    MONEY = 1000000, /* of each account */
    FIRST_TIME = 1000,
    BLOCKS_MAX = 1 << 20, /* that have anything in them */
    REORG_ONE_IN = 3      /* of the blocks with a move in them */
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

/* ---- looking ---- */

static enum crux_status check_value(void *ctx, const struct crux_game *game, uint64_t now) {
    uint64_t total, deposited;
    (void)ctx;
    (void)now;
    enum crux_status status = crux_game_total(game, &total, &deposited);
    return status == CRUX_OK && total != deposited ? CRUX_E_INTERNAL : status;
}

static enum crux_status read_ledger(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_cli_ledger *ledger = ctx;
    struct crux_game_chain chain;
    (void)now;
    enum crux_status status = crux_game_get_chain(game, &chain);
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_CLI_ACCOUNTS; i++) {
        struct crux_account key = crux_cli_table_account(i);
        struct crux_game_account account;
        status = crux_game_get_account(game, &key, &account);
        ledger->balance[i] = account.balance;
    }
    ledger->bonds = chain.bonds;
    ledger->stakes = chain.stakes;
    ledger->burned = chain.burned;
    return status;
}

static enum crux_status look(struct crux_cli_table *table,
                             enum crux_status (*visit)(void *ctx, const struct crux_game *game,
                                                       uint64_t now),
                             void *ctx) {
    return table->made.chain.ops->look(&table->made.chain, visit, ctx);
}

/* ---- moves ---- */

struct noting {
    const struct crux_move *move;
    struct crux_cli_move *noted;
    struct crux_cli_play *play;
};

/* What the move is about to answer, while the game still says so. */
static enum crux_status note_place(void *ctx, const struct crux_game *game, uint64_t now) {
    const struct noting *noting = ctx;
    const struct crux_move *move = noting->move;
    struct crux_cli_move *noted = noting->noted;
    struct crux_game_dispute dispute;
    struct crux_game_reveal reveal;
    (void)now;
    noted->dispute = move->dispute;
    if (crux_game_get_dispute(game, &move->claim, move->dispute, &dispute) != CRUX_OK)
        return CRUX_OK;
    noted->tree = (uint8_t)dispute.place.tree;
    noted->pick = (uint32_t)move->index;
    noted->padding = move->flag != 0;
    if (move->kind == CRUX_MOVE_PICK &&
        crux_game_get_reveal(game, &move->claim, &dispute.place, &reveal) == CRUX_OK)
        noted->nodes = reveal.nodes;
    if (move->kind == CRUX_MOVE_PROVE)
        noting->play->has_element = dispute.stage == CRUX_STAGE_PROVE &&
                                    crux_element_decode(&noting->play->element, dispute.element,
                                                        sizeof dispute.element) == CRUX_OK;
    return CRUX_OK;
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

static bool is_in_dispute(uint8_t kind) {
    return kind >= CRUX_MOVE_REVEAL && kind <= CRUX_MOVE_TIMEOUT && kind != CRUX_MOVE_PUT;
}

/* Is the refusal one that this player cannot have earned honestly here? */
static bool is_fault(const struct crux_cli_table *table, unsigned who) {
    const struct crux_cli_play *play = table->play;
    bool lies = who == CRUX_CLI_EXECUTOR && play->target != 0;
    return !lies && !crux_cli_conditions_any(&play->conditions);
}

/* The message reaches the chain.  Returns: the game's refusal only where nobody should be refused. */
static enum crux_status include(struct crux_cli_table *table, struct crux_cli_message *message) {
    struct crux_cli_play *play = table->play;
    struct crux_chain *chain = &table->made.chain;
    struct crux_account sender = crux_cli_table_account(message->key.who);
    struct crux_cli_move noted = {.time = table->now, .who = message->key.who};
    struct crux_game_outcome outcome;
    struct crux_move move;
    if (play->count == CRUX_CLI_MOVES_MAX) return CRUX_E_INTERNAL;
    enum crux_status status = crux_move_decode(&move, message->bytes, message->len);
    if (status != CRUX_OK) return status;
    struct noting noting = {&move, &noted, play};
    if (is_in_dispute(move.kind)) status = look(table, note_place, &noting);
    if (status != CRUX_OK) return status;
    status = chain->ops->move(chain, &outcome, &sender, message->bytes, message->len);
    if (status != CRUX_OK || outcome.repeated) {
        bool fault = is_fault(table, message->key.who);
        bool gone = status != CRUX_OK && message->key.who == CRUX_CLI_EXECUTOR && play->target != 0;
        play->network.refused += status != CRUX_OK;
        play->network.no_ops += status == CRUX_OK;
        crux_cli_network_included(&table->network, message, 0, table->now, gone);
        if (!fault) return status == CRUX_E_IO ? status : CRUX_OK;
        return status == CRUX_OK ? CRUX_E_INTERNAL : status; /* an honest player repeats nothing */
    }
    noted.kind = move.kind;
    noted.event = ++table->events;
    noted.bytes = (uint32_t)message->len;
    noted.gas = crux_cli_gas_estimate(message->bytes, message->len, move.kind);
    if (move.kind == CRUX_MOVE_OPEN) noted.dispute = outcome.dispute;
    if (move.kind == CRUX_MOVE_PROVE) {
        status = keep_witness(play, &move);
        noted.witness_bytes = play->witness_bytes;
    }
    play->moves[play->count++] = noted;
    crux_cli_network_included(&table->network, message, noted.event, table->now, false);
    return status == CRUX_OK ? look(table, check_value, NULL) : status;
}

static enum crux_status deliver(struct crux_cli_table *table, bool *moved) {
    struct crux_cli_message *message;
    *moved = false;
    while ((message = crux_cli_network_next(&table->network, table->now)) != NULL) {
        enum crux_status status = include(table, message);
        if (status != CRUX_OK) return status;
        *moved = true;
    }
    return CRUX_OK;
}

/* Replaces the last blocks: some of the conditions' number of them. */
static enum crux_status reorganise(struct crux_cli_table *table) {
    struct crux_cli_play *play = table->play;
    uint32_t most = play->conditions.reorg_blocks;
    if (most == 0 || table->network.figures.reorgs == CRUX_CLI_REORGS ||
        crux_cli_random_below(play->random, REORG_ONE_IN) != 0)
        return CRUX_OK;
    uint64_t back = (1 + crux_cli_random_below(play->random, most)) * CRUX_CLI_BLOCK_SECONDS;
    uint64_t undone = 0;
    for (uint32_t i = play->count; i-- > 0 && play->moves[i].time + back > table->now;) {
        undone += !play->moves[i].undone;
        play->moves[i].undone = true;
    }
    if (undone == 0) return CRUX_OK;
    table->events -= undone;
    crux_cli_network_undone(&table->network, table->events, table->now);
    enum crux_status status = table->made.chain.ops->rewind(&table->made.chain, undone);
    return status == CRUX_OK ? look(table, check_value, NULL) : status;
}

/* ---- the whole game ---- */

static enum crux_status set_up(struct crux_cli_table *table) {
    struct crux_cli_play *play = table->play;
    struct crux_chain *chain = &table->made.chain;
    table->bytes = malloc(CRUX_MOVE_BYTES_MAX);
    play->moves = calloc(CRUX_CLI_MOVES_MAX, sizeof *play->moves);
    if (table->bytes == NULL || play->moves == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_merkle_tree_root(table->layers_root, &play->model->tree.layers);
    crux_claim_encode(table->claim_bytes, &table->claim);
    crux_claim_hash(table->hash, &table->claim);
    table->sham_seed = crux_cli_random_next(play->random);
    table->network.conditions = play->conditions;
    table->network.random = play->random;
    crux_cli_network_begin(&table->network);
    play->cover = crux_cli_conditions_cover(&play->conditions, &play->parameters);
    enum crux_status status =
        crux_cli_simulate_chain_make(&table->made, &play->parameters, FIRST_TIME);
    for (unsigned i = 0; status == CRUX_OK && i < CRUX_CLI_ACCOUNTS; i++) {
        struct crux_account account = crux_cli_table_account(i);
        status = chain->ops->deposit(chain, &account, MONEY);
        table->events++;
    }
    /* so that no reorganisation reaches the deposits */
    uint64_t before = CRUX_CLI_REORG_BLOCKS_MAX * CRUX_CLI_BLOCK_SECONDS;
    if (status == CRUX_OK) status = chain->ops->advance(chain, before);
    return status == CRUX_OK ? look(table, read_ledger, &play->before) : status;
}

/* Returns: seconds until something can happen; 0: nothing ever will. */
static uint64_t pause(const struct crux_cli_table *table, bool busy) {
    uint64_t next = crux_cli_network_due(&table->network);
    if (busy || table->acted) return CRUX_CLI_BLOCK_SECONDS;
    if (table->wake < next) next = table->wake;
    if (next == UINT64_MAX) return 0;
    /* what came in between waits for the next block */
    return next > table->now + CRUX_CLI_BLOCK_SECONDS ? next - table->now : CRUX_CLI_BLOCK_SECONDS;
}

static enum crux_status play_on(struct crux_cli_table *table) {
    struct crux_chain *chain = &table->made.chain;
    enum crux_status status = look(table, crux_cli_table_look, table);
    for (uint32_t block = 0; status == CRUX_OK && !table->over; block++) {
        bool moved = false;
        uint64_t seconds = pause(table, block == 0);
        if (seconds == 0 || block == BLOCKS_MAX) return CRUX_E_INTERNAL; /* stuck */
        status = chain->ops->advance(chain, seconds);
        table->now += seconds;
        if (status == CRUX_OK) status = deliver(table, &moved);
        if (status == CRUX_OK && moved) status = reorganise(table);
        if (status == CRUX_OK) status = look(table, crux_cli_table_look, table);
    }
    return status;
}

/* Adds up the first dispute, or the demand, as it stands in the end. */
static void count_moves(struct crux_cli_play *play) {
    for (uint32_t i = 0; i < play->count; i++) {
        const struct crux_cli_move *move = &play->moves[i];
        bool demand = move->kind == CRUX_MOVE_DEMAND || move->dispute == CRUX_DISPUTE_DEMAND;
        if (move->undone || (!is_in_dispute(move->kind) && move->kind != CRUX_MOVE_OPEN && !demand))
            continue;
        if (move->dispute != 0 && !demand) continue;
        play->transactions++;
        play->rounds += move->kind == CRUX_MOVE_PICK || move->kind == CRUX_MOVE_JUMP;
        play->bytes += move->bytes;
        play->gas += move->gas;
    }
}

/* The one question is asked. */
static enum crux_status conclude(void *ctx, const struct crux_game *game, uint64_t now) {
    const struct crux_cli_table *table = ctx;
    struct crux_cli_play *play = table->play;
    struct crux_game_claim claim;
    struct crux_final_question question = {.claim = play->id,
                                           .executor = crux_cli_table_account(CRUX_CLI_EXECUTOR),
                                           .least_bond = play->parameters.executor_bond};
    enum crux_status status = crux_game_get_claim(game, &play->id, &claim);
    if (status != CRUX_OK) return status;
    play->fell = claim.fallen != 0;
    memcpy(question.claim_hash, table->hash, 32);
    memcpy(question.model_root, table->claim.model_root, 32);
    memcpy(question.request_hash, table->claim.request_hash, 32);
    memcpy(question.output_root, table->claim.output_root, 32);
    status = crux_game_is_final(&play->final, game, &question, now);
    return status == CRUX_OK ? read_ledger(&play->after, game, now) : status;
}

enum crux_status crux_cli_play(struct crux_cli_play *play) {
    struct crux_cli_table *table = calloc(1, sizeof *table);
    if (table == NULL) return CRUX_E_OUT_OF_MEMORY;
    table->play = play;
    table->claim = *crux_archive_claim(play->executor);
    crux_archive_provider(&table->executor, play->executor);
    if (play->own != NULL) crux_archive_provider(&table->own, play->own);
    enum crux_status status = set_up(table);
    if (status == CRUX_OK) status = play_on(table);
    if (status == CRUX_OK) {
        count_moves(play);
        status = look(table, conclude, table);
    }
    struct crux_cli_network_figures seen = play->network;
    play->network = table->network.figures;
    play->network.refused = seen.refused;
    play->network.no_ops = seen.no_ops;
    crux_cli_network_end(&table->network);
    crux_cli_simulate_chain_remove(&table->made);
    free(table->bytes);
    free(table);
    return status;
}

void crux_cli_play_free(struct crux_cli_play *play) {
    free(play->moves);
    free(play->witness);
    play->moves = NULL;
    play->witness = NULL;
}
