/* Random games played in memory and on a file at once: the same statuses, outcomes and records, and the file's log
 * played again on an empty store gives the same records once more. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/chain-adapter/local/local_chain.h"
#include "tests/support/game_table.h"
#include "tests/support/random.h"

enum { GAMES = 24, TICKS = 60, MOVE_BYTES = 1 << 13, EXECUTOR = 0, CHALLENGER = 2, SHAM = 4 };

static struct table_model model;
static struct table_run honest, lying;
static struct table_fault fault = {.kind = FAULT_VALUE, .pos = 1, .layer = 1};
static struct table table;
static struct local_chain made;
static struct crux_random random_state;
static struct crux_solver_move step;
static uint8_t last_move[MOVE_BYTES];
static size_t last_len;
static uint64_t refused, repeated, accepted, fallen;

static void mirror(void *ctx, const struct table *played, unsigned sender, const uint8_t *bytes,
                   size_t len, enum crux_status status) {
    struct crux_chain *chain = &made.chain;
    struct crux_game_outcome outcome;
    struct crux_account account = table_account(sender);
    (void)ctx;
    assert_int_equal(chain->ops->advance(chain, played->now - local_chain_totals(chain).now),
                     CRUX_OK);
    assert_int_equal(chain->ops->move(chain, &outcome, &account, bytes, len), status);
    if (len <= sizeof last_move) {
        memcpy(last_move, bytes, len);
        last_len = len;
    }
    if (status != CRUX_OK) {
        refused++;
        return;
    }
    assert_int_equal(outcome.repeated, played->out.repeated);
    assert_int_equal(outcome.claim.batch, played->out.claim.batch);
    assert_int_equal(outcome.claim.member, played->out.claim.member);
    assert_int_equal(outcome.dispute, played->out.dispute);
    assert_int_equal(outcome.end, played->out.end);
    assert_int_equal(outcome.fell, played->out.fell);
    assert_int_equal(outcome.paid, played->out.paid);
    if (outcome.repeated)
        repeated++;
    else
        accepted++;
}

static void send(unsigned sender) {
    if (step.any) (void)(table_move(&table, sender, &step.move) == CRUX_OK);
}

static void open_at_random(const struct crux_claim_id *id, const struct table_run *run) {
    static const uint8_t zero[32];
    uint8_t hash[32];
    crux_claim_hash(hash, run->evidence.claim);
    const struct crux_move open = {
        .kind = CRUX_MOVE_OPEN,
        .claim = *id,
        .hash = hash,
        .leaf = zero,
        .amount = 1000000,
        .count = (uint32_t)crux_random_below(&random_state, 1000),
        .flag = crux_random_one_in(&random_state, 2) ? CRUX_TARGET_TRACE : CRUX_TARGET_OUTPUT};
    (void)(table_move(&table, SHAM, &open) == CRUX_OK);
}

static void pick_at_random(const struct crux_claim_id *id, uint32_t number) {
    struct crux_game_dispute dispute = table_get_dispute(&table, id, number);
    const struct crux_move pick = {.kind = CRUX_MOVE_PICK,
                                   .claim = *id,
                                   .dispute = number,
                                   .node = dispute.node,
                                   .round = dispute.round,
                                   .index = crux_random_below(&random_state, 4)};
    (void)(table_move(&table, SHAM, &pick) == CRUX_OK);
}

/* The last move again, perhaps with a bit changed, perhaps by another. */
static void repeat(void) {
    static uint8_t bytes[MOVE_BYTES];
    memcpy(bytes, last_move, last_len);
    if (crux_random_one_in(&random_state, 2))
        bytes[crux_random_below(&random_state, last_len)] ^=
            (uint8_t)(1u << crux_random_below(&random_state, 8));
    (void)(table_bytes(&table, (unsigned)crux_random_below(&random_state, 6), bytes, last_len) ==
           CRUX_OK);
}

static void act(const struct crux_claim_id *id, const struct table_run *run) {
    uint32_t disputes = table_get_claim(&table, id).disputes;
    for (uint32_t i = 0; i < disputes; i++) {
        if (crux_solver_defend(&step, &table.game, id, i, &run->provider, table.now) == CRUX_OK)
            send(EXECUTOR);
        if (crux_random_one_in(&random_state, 3)) pick_at_random(id, i);
        if (crux_solver_challenge(&step, &table.game, id, i, &honest.provider, &run->provider,
                                  table.now) == CRUX_OK)
            send(CHALLENGER);
        if (crux_solver_timeout(&step, &table.game, id, i, table.now) == CRUX_OK) send(SHAM);
    }
    if (crux_random_one_in(&random_state, 12)) open_at_random(id, run);
    if (crux_random_one_in(&random_state, 3)) repeat();
}

static bool same(void *ctx, enum crux_game_table kind, const void *record) {
    static uint8_t found[sizeof(struct crux_game_blob)];
    const struct crux_game *game = ctx;
    assert_int_equal(game->store.get(game->store.ctx, kind, record, found), CRUX_OK);
    assert_memory_equal(found, record, crux_game_record_bytes(kind));
    return true;
}

static enum crux_status compare(void *ctx, const struct crux_game *game, uint64_t now) {
    struct crux_game copy = *game;
    (void)ctx;
    assert_int_equal(now, table.now);
    crux_game_memory_walk(table.memory, same, &copy);
    return CRUX_OK;
}

static bool play_again(void *ctx, const struct crux_chain_event *event) {
    struct crux_game *game = ctx;
    struct crux_game_outcome outcome;
    if (event->kind == CRUX_CHAIN_EVENT_DEPOSIT)
        assert_int_equal(crux_game_deposit(game, &event->sender, crux_load_u64(event->bytes + 20)),
                         CRUX_OK);
    else
        assert_int_equal(
            crux_game_move(game, &event->sender, event->time, event->bytes, event->len, &outcome),
            CRUX_OK);
    return true;
}

/* The log is all there is to know. */
static void replay(void) {
    struct crux_game game = table.game;
    struct crux_chain_cursor cursor = {0};
    bool reorganised;
    struct crux_chain_local_verified verified;
    uint8_t *memory = malloc(TABLE_MEMORY_BYTES);
    assert_non_null(memory);
    assert_int_equal(crux_chain_local_verify(&made.chain, &verified), CRUX_OK);
    assert_int_equal(crux_game_memory_init(&game.store, memory, TABLE_MEMORY_BYTES, TABLE_SLOTS),
                     CRUX_OK);
    assert_int_equal(crux_game_configure(&game, &table_parameters), CRUX_OK);
    assert_int_equal(
        made.chain.ops->events(&made.chain, &cursor, &reorganised, UINT64_MAX, play_again, &game),
        CRUX_OK);
    assert_int_equal(crux_game_memory_used(memory), crux_game_memory_used(table.memory));
    assert_memory_equal(memory, table.memory, crux_game_memory_used(memory));
    free(memory);
}

enum { TAKEN_BACK = 5 };

struct remembered {
    uint64_t skip;
    unsigned count;
    struct {
        struct crux_account sender;
        size_t len;
        uint8_t bytes[MOVE_BYTES];
    } event[TAKEN_BACK];
};

static bool remember(void *ctx, const struct crux_chain_event *event) {
    struct remembered *them = ctx;
    if (event->number <= them->skip) return true;
    assert_in_range(event->len, 1, MOVE_BYTES);
    them->event[them->count].sender = event->sender;
    them->event[them->count].len = event->len;
    memcpy(them->event[them->count++].bytes, event->bytes, event->len);
    return true;
}

/* The last events are taken back on the file, and their moves made again one by one: in memory, from a store that has
 * played only the events before, so that each state in between is compared too. */
static void reorganise(void) {
    static struct remembered them;
    struct crux_chain *chain = &made.chain;
    struct crux_chain_local_info info;
    struct crux_chain_cursor cursor = {0};
    struct crux_game game = table.game;
    bool reorganised;
    uint8_t *memory = malloc(TABLE_MEMORY_BYTES), *whole = table.memory;
    assert_non_null(memory);
    assert_int_equal(crux_chain_local_info(chain, &info), CRUX_OK);
    them.skip = info.events - TAKEN_BACK;
    them.count = 0;
    assert_int_equal(chain->ops->events(chain, &cursor, &reorganised, UINT64_MAX, remember, &them),
                     CRUX_OK);
    assert_int_equal(them.count, TAKEN_BACK);
    assert_int_equal(chain->ops->rewind(chain, TAKEN_BACK), CRUX_OK);
    assert_int_equal(crux_game_memory_init(&game.store, memory, TABLE_MEMORY_BYTES, TABLE_SLOTS),
                     CRUX_OK);
    assert_int_equal(crux_game_configure(&game, &table_parameters), CRUX_OK);
    cursor = (struct crux_chain_cursor){0};
    assert_int_equal(
        chain->ops->events(chain, &cursor, &reorganised, UINT64_MAX, play_again, &game), CRUX_OK);
    assert_int_equal(cursor.number, them.skip);
    table.memory = memory;
    assert_int_equal(chain->ops->look(chain, compare, NULL), CRUX_OK);
    /* the scripted clock has gone on: a move that is too late now was not so before, so both are asked at this time */
    for (unsigned i = 0; i < TAKEN_BACK; i++) {
        struct crux_game_outcome one, two;
        enum crux_status status = crux_game_move(&game, &them.event[i].sender, table.now,
                                                 them.event[i].bytes, them.event[i].len, &one);
        assert_int_equal(chain->ops->move(chain, &two, &them.event[i].sender, them.event[i].bytes,
                                          them.event[i].len),
                         status);
        assert_int_equal(chain->ops->look(chain, compare, NULL), CRUX_OK);
    }
    table.memory = whole;
    free(memory);
}

static void play(uint64_t seed) {
    random_state.state = seed;
    table_init(&table, NULL);
    local_chain_make(&made, &table_parameters,
                     &(struct crux_chain_local_verifier){table.game.verify, NULL});
    for (unsigned i = 0; i < TABLE_ACCOUNTS; i++) {
        struct crux_account account = table_account(i);
        assert_int_equal(made.chain.ops->deposit(&made.chain, &account, table_balance(&table, i)),
                         CRUX_OK);
    }
    table.after = mirror;
    const struct table_run *run = crux_random_one_in(&random_state, 2) ? &honest : &lying;
    struct crux_claim_id id = table_claim(&table, EXECUTOR, &model, run->evidence.claim, 1, 3);
    if (run == &lying &&
        crux_solver_open(&step, &id, run->evidence.claim, CRUX_TARGET_TRACE, 0, 1, 1000000,
                         model.program.header.layers, &honest.provider, NULL) == CRUX_OK)
        send(CHALLENGER);
    open_at_random(&id, run);
    for (unsigned tick = 0; tick < TICKS; tick++) {
        uint64_t most = crux_random_one_in(&random_state, 40) ? 4000 : 60;
        table.now += crux_random_below(&random_state, most);
        act(&id, run);
    }
    /* the file's clock last stood where the last move was made */
    assert_int_equal(
        made.chain.ops->advance(&made.chain, table.now - local_chain_totals(&made.chain).now),
        CRUX_OK);
    assert_int_equal(made.chain.ops->look(&made.chain, compare, NULL), CRUX_OK);
    replay();
    struct local_chain_totals totals = local_chain_totals(&made.chain);
    assert_int_equal(totals.total, totals.deposited);
    fallen += table_get_claim(&table, &id).fallen;
    reorganise();
    local_chain_remove(&made);
    table_free(&table);
}

/* The first op of a step whose lie reaches a record. */
static void find_lie(void) {
    fault.model = &model;
    for (fault.op = 0; fault.op < 16; fault.op++) {
        if (!table_lying_run(&lying, &model, &fault)) continue;
        if (memcmp(lying.evidence.claim, honest.evidence.claim, sizeof(struct crux_claim)) != 0)
            return;
        table_run_free(&lying);
    }
    fail_msg("no lie reaches a record");
}

static void games_from_seeds(void **state) {
    (void)state;
    table_model_init(&model, TABLE_LONG);
    table_run_init(&honest, &model, NULL, model.limit);
    find_lie();
    for (uint64_t seed = 1; seed <= GAMES; seed++) play(seed);
    print_message("%d games: %llu moves, %llu refused, %llu repeated\n", (int)GAMES,
                  (unsigned long long)accepted, (unsigned long long)refused,
                  (unsigned long long)repeated);
    assert_in_range(fallen, 1, GAMES - 1);
    assert_true(accepted > 20 * GAMES && refused > GAMES && repeated > GAMES);
    table_run_free(&honest);
    table_run_free(&lying);
    table_model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(games_from_seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
