#include "bisection/game/store.h"

/* No gap in any record: a store may compare and copy them as bytes. Sums of the fields as records.h has them. */
_Static_assert(sizeof(struct crux_game_parameters) == 72, "gap");
_Static_assert(sizeof(struct crux_game_chain) == 80 + 72, "gap");
_Static_assert(sizeof(struct crux_game_account) == 40, "gap");
_Static_assert(sizeof(struct crux_game_delegate) == 48, "gap");
_Static_assert(sizeof(struct crux_game_model) == 48, "gap");
_Static_assert(sizeof(struct crux_game_batch) == 120 + 72, "gap");
_Static_assert(sizeof(struct crux_game_batch_of) == 64, "gap");
_Static_assert(sizeof(struct crux_claim) == 140, "gap");
_Static_assert(sizeof(struct crux_game_claim) == 240, "gap");
_Static_assert(sizeof(struct crux_game_place) == 32, "gap");
_Static_assert(sizeof(struct crux_game_reveal) == 48 + 40 + 40 + 8 + 2048, "gap");
_Static_assert(sizeof(struct crux_game_dispute) == 544, "gap");
_Static_assert(sizeof(struct crux_game_dispute_of) == 48, "gap");
_Static_assert(sizeof(struct crux_game_blob) == 56 + 4096, "gap");
_Static_assert(sizeof(struct crux_game_escrow) == 112, "gap");

static const struct {
    size_t key, record;
} size[CRUX_GAME_TABLES] = {
    [CRUX_TABLE_CHAIN] = {8, sizeof(struct crux_game_chain)},
    [CRUX_TABLE_ACCOUNT] = {20, sizeof(struct crux_game_account)},
    [CRUX_TABLE_DELEGATE] = {40, sizeof(struct crux_game_delegate)},
    [CRUX_TABLE_MODEL] = {32, sizeof(struct crux_game_model)},
    [CRUX_TABLE_BATCH] = {8, sizeof(struct crux_game_batch)},
    [CRUX_TABLE_BATCH_OF] = {52, sizeof(struct crux_game_batch_of)},
    [CRUX_TABLE_CLAIM] = {16, sizeof(struct crux_game_claim)},
    [CRUX_TABLE_DISPUTE] = {16, sizeof(struct crux_game_dispute)},
    [CRUX_TABLE_DISPUTE_OF] = {40, sizeof(struct crux_game_dispute_of)},
    [CRUX_TABLE_REVEAL] = {48, sizeof(struct crux_game_reveal)},
    [CRUX_TABLE_BLOB] = {48, sizeof(struct crux_game_blob)},
    [CRUX_TABLE_ESCROW] = {72, sizeof(struct crux_game_escrow)},
};

size_t crux_game_key_bytes(enum crux_game_table table) {
    CRUX_ASSERT((unsigned)table < CRUX_GAME_TABLES && size[table].key != 0);
    return size[table].key;
}

size_t crux_game_record_bytes(enum crux_game_table table) {
    CRUX_ASSERT((unsigned)table < CRUX_GAME_TABLES && size[table].key != 0);
    return size[table].record;
}
