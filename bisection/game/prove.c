/* Witnesses come in pieces, are put together, and the adjudicator decides. */
#include "bisection/game/inside.h"

enum { WITNESS_BYTES_MAX = 1 << 16 };

enum crux_status crux_play_put_blob(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_blob blob;
    enum crux_status status = crux_play_load_claim(play);
    if (status != CRUX_OK) return status;
    if (move->rest_bytes < 1 || move->rest_bytes > CRUX_GAME_BLOB_BYTES)
        return CRUX_E_MOVE_MALFORMED;
    crux_zero(&blob, sizeof blob);
    blob.key.claim.batch = play->claim.key.batch;
    blob.key.claim.member = play->claim.key.member;
    crux_sha256_plain(blob.key.hash, move->rest, move->rest_bytes);
    status = crux_play_get(play, CRUX_TABLE_BLOB, &blob.key, &blob);
    if (status == CRUX_OK) return crux_play_repeated(play);
    if (status != CRUX_E_NOT_FOUND) return status;
    if (play->claim.fallen) return CRUX_E_CLAIM_FALLEN;
    if (play->claim.open == 0) return CRUX_E_DISPUTE_OVER;
    blob.bytes = (uint32_t)move->rest_bytes;
    crux_copy(blob.data, move->rest, move->rest_bytes);
    status = crux_play_put(play, CRUX_TABLE_BLOB, &blob);
    return status == CRUX_OK ? crux_play_save_chain(play) : status;
}

static enum crux_status add(struct crux_writer *witness, const uint8_t *bytes, size_t len) {
    if (len > WITNESS_BYTES_MAX - witness->at) return CRUX_E_WITNESS_TOO_LARGE;
    crux_put_bytes(witness, bytes, len);
    return witness->status == CRUX_OK ? CRUX_OK : CRUX_E_OUT_OF_MEMORY;
}

static enum crux_status add_blob(struct crux_writer *witness, const struct crux_play *play,
                                 const uint8_t hash[32]) {
    struct crux_game_blob blob;
    crux_zero(&blob.key, sizeof blob.key);
    blob.key.claim.batch = play->claim.key.batch;
    blob.key.claim.member = play->claim.key.member;
    crux_copy(blob.key.hash, hash, 32);
    enum crux_status status = crux_play_get(play, CRUX_TABLE_BLOB, &blob.key, &blob);
    if (status == CRUX_OK) return add(witness, blob.data, blob.bytes);
    return status == CRUX_E_NOT_FOUND ? CRUX_E_BLOB_UNKNOWN : status;
}

/* spec/70-game.md#moves: "1 to 16 pieces: 0 u8, length u32, bytes; or 1 u8, hash (32)" */
static enum crux_status assemble(struct crux_writer *witness, const struct crux_play *play) {
    struct crux_cursor cursor;
    unsigned pieces = 0;
    crux_cursor_init(&cursor, play->move->rest, play->move->rest_bytes);
    do {
        uint8_t is_put = crux_get_u8(&cursor);
        uint32_t length = is_put ? 32 : crux_get_u32(&cursor);
        const uint8_t *bytes = crux_get_bytes(&cursor, length);
        if (bytes == NULL) return cursor.status;
        if (is_put > 1 || ++pieces > CRUX_MOVE_PARTS_MAX) return CRUX_E_MOVE_MALFORMED;
        enum crux_status status =
            is_put ? add_blob(witness, play, bytes) : add(witness, bytes, length);
        if (status != CRUX_OK) return status;
    } while (crux_cursor_left(&cursor) > 0);
    return CRUX_OK;
}

enum crux_status crux_play_prove(struct crux_play *play) {
    const struct crux_move *move = play->move;
    struct crux_game_dispute *dispute = &play->dispute;
    struct crux_element_id element;
    enum crux_finding finding;
    struct crux_writer witness;
    enum crux_status status = crux_play_load_dispute(play);
    if (status != CRUX_OK) return status;
    if (dispute->end == CRUX_END_PROVE && crux_equal(move->node, dispute->node, 32))
        return crux_play_repeated(play);
    status = crux_play_running(play);
    if (status != CRUX_OK) return status;
    if (!crux_equal(move->node, dispute->node, 32)) return CRUX_E_NODE_MISMATCH;
    if (dispute->stage != CRUX_STAGE_PROVE && dispute->stage != CRUX_STAGE_EXPAND)
        return CRUX_E_MOVE_UNEXPECTED;
    status = crux_play_in_time(play);
    if (status != CRUX_OK) return status;
    crux_writer_init(&witness, play->game->scratch, play->game->scratch_bytes);
    status = assemble(&witness, play);
    if (status != CRUX_OK) return status;
    if (dispute->stage == CRUX_STAGE_EXPAND) {
        /* spec/70-game.md#stages: "At expand, prove is of the element null of that step." */
        element = (struct crux_element_id){
            .kind = CRUX_ELEMENT_NULL, .pos = dispute->place.pos, .layer = dispute->place.layer};
        crux_copy(element.leaf_hash, dispute->node, 32);
        crux_element_encode(dispute->element, &element);
    } else {
        status = crux_element_decode(&element, dispute->element, CRUX_ELEMENT_BYTES);
        if (status != CRUX_OK) return status;
    }
    status = crux_adjudicate(&finding, &play->claim.claim, &element, witness.p, witness.at);
    if (status != CRUX_OK) return status;
    return crux_play_verdict(play, finding == CRUX_INCONSISTENT, CRUX_END_PROVE);
}
