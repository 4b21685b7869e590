/* Plays a whole game of a vector from an empty store, and compares what each move does and how everything stands. */
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "tests/conformance/game_state.h"
#include "tests/conformance/vector_check.h"

enum { MEMORY_BYTES = 4 << 20, SLOTS = 1 << 11 };

struct play {
    struct crux_vector_check *check;
    struct crux_game game;
    uint8_t *memory, *scratch, *bytes;
};

static void take_bytes(struct crux_vector_check *check, uint8_t *out, const json_t *object,
                       const char *key, size_t len) {
    struct crux_writer writer;
    crux_writer_init(&writer, out, len);
    crux_vector_get_bytes(check, &writer, object, key, len);
}

static uint32_t parameter(struct play *play, const json_t *object, const char *key) {
    return (uint32_t)crux_vector_get_number(play->check, object, key, UINT32_MAX);
}

static uint64_t amount(struct play *play, const json_t *object, const char *key) {
    return crux_vector_get_number(play->check, object, key, UINT64_C(1) << 53);
}

static void configure(struct play *play) {
    const json_t *p = json_object_get(play->check->vector, "parameters");
    const struct crux_game_parameters parameters = {
        .executor_bond = amount(play, p, "executor_bond"),
        .reward = amount(play, p, "reward"),
        .challenger_bond = amount(play, p, "challenger_bond"),
        .defence_cost = amount(play, p, "defence_cost"),
        .demand_fee = amount(play, p, "demand_fee"),
        .receipt_penalty = amount(play, p, "receipt_penalty"),
        .receipt_reward = amount(play, p, "receipt_reward"),
        .leave_seconds = parameter(play, p, "leave_seconds"),
        .window_seconds = parameter(play, p, "window_seconds"),
        .clock_seconds = parameter(play, p, "clock_seconds"),
        .extension_seconds = parameter(play, p, "extension_seconds"),
        .demand_seconds = parameter(play, p, "demand_seconds"),
        .move_seconds = parameter(play, p, "move_seconds"),
        .k = parameter(play, p, "k"),
        .running_max = parameter(play, p, "running_max")};
    take_bytes(play->check, play->game.chain_id, play->check->vector, "chain", 32);
    take_bytes(play->check, play->game.contract, play->check->vector, "contract", 32);
    if (crux_game_memory_init(&play->game.store, play->memory, MEMORY_BYTES, SLOTS) != CRUX_OK ||
        crux_game_configure(&play->game, &parameters) != CRUX_OK)
        crux_vector_problem(play->check, "the parameters are refused");
}

static void deposit(struct play *play) {
    const json_t *list = crux_vector_get_array(play->check, play->check->vector, "deposits"), *row;
    size_t i;
    json_array_foreach(list, i, row) {
        struct crux_account account = {{0}};
        crux_vector_check_keys(play->check, row, "account amount", "");
        take_bytes(play->check, account.b, row, "account", sizeof account.b);
        if (crux_game_deposit(&play->game, &account, amount(play, row, "amount")) != CRUX_OK)
            crux_vector_problem(play->check, "deposit %zu is refused", i);
    }
}

static void make_move(struct play *play, size_t number, const json_t *row) {
    struct crux_vector_check *check = play->check;
    struct crux_account sender = {{0}};
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    const json_t *error = json_object_get(row, "error");
    crux_vector_check_keys(check, row,
                           error != NULL ? "time sender move error" : "time sender move did", "");
    take_bytes(check, sender.b, row, "sender", sizeof sender.b);
    crux_writer_init(&writer, play->bytes, CRUX_MOVE_BYTES_MAX);
    crux_vector_get_hex(check, &writer, row, "move");
    uint64_t time = amount(play, row, "time");
    if (check->problem[0] != '\0') return;
    enum crux_status status =
        crux_game_move(&play->game, &sender, time, play->bytes, writer.at, &outcome);
    const char *wanted = error == NULL ? "ok" : json_string_value(error);
    if (wanted == NULL || strcmp(wanted, crux_status_name(status)) != 0)
        crux_vector_problem(check, "move %zu ends in %s, not %s", number, crux_status_name(status),
                            wanted == NULL ? "?" : wanted);
    if (error != NULL || check->problem[0] != '\0') return;
    json_t *did = game_state_outcome(&outcome);
    if (!json_equal(did, json_object_get(row, "did")))
        crux_vector_problem(check, "move %zu does something else", number);
    json_decref(did);
}

static void compare_state(struct play *play) {
    static const char *const parts[] = {"value",    "accounts", "claims",
                                        "disputes", "escrows",  "records"};
    const json_t *wanted = json_object_get(play->check->vector, "state");
    json_t *state = game_state(&play->game, play->memory, amount(play, play->check->vector, "now"));
    for (size_t i = 0; i < CRUX_ARRAY_LEN(parts); i++)
        if (!json_equal(json_object_get(state, parts[i]), json_object_get(wanted, parts[i])))
            crux_vector_problem(play->check, "in the end, %s are not those", parts[i]);
    if (!json_equal(state, wanted)) crux_vector_problem(play->check, "in the end, more is named");
    json_decref(state);
}

void crux_vector_check_game(struct crux_vector_check *check) {
    struct play play = {.check = check,
                        .memory = malloc(MEMORY_BYTES),
                        .scratch = malloc(CRUX_WITNESS_BYTES_MAX),
                        .bytes = malloc(CRUX_MOVE_BYTES_MAX)};
    if (play.memory == NULL || play.scratch == NULL || play.bytes == NULL) abort();
    play.game = (struct crux_game){.verify = crux_keys_verify,
                                   .scratch = play.scratch,
                                   .scratch_bytes = CRUX_WITNESS_BYTES_MAX};
    crux_vector_check_keys(check, check->vector,
                           "name chain contract parameters deposits moves now state", "");
    if (check->problem[0] == '\0') configure(&play);
    if (check->problem[0] == '\0') deposit(&play);
    const json_t *moves = json_object_get(check->vector, "moves");
    for (size_t i = 0; check->problem[0] == '\0' && i < json_array_size(moves); i++)
        make_move(&play, i, json_array_get(moves, i));
    if (check->problem[0] == '\0') compare_state(&play);
    free(play.memory);
    free(play.scratch);
    free(play.bytes);
}
