/* One table says which fields a kind has, in the order of their bytes; encoder and decoder walk it.
 * spec/70-game.md#moves */
#include "bisection/game/move.h"

enum field {
    END = 0,
    BATCH,     /* u64 */
    CLAIM,     /* u64, u32 */
    DISPUTE,   /* u32 */
    NODE,      /* 32 */
    HEADER,    /* 32 */
    MANIFEST,  /* 32 */
    LAYERS,    /* 32 */
    BYTES,     /* claim, 140 */
    REQUEST,   /* 240 */
    HASH,      /* 32 */
    LEAF,      /* 32 */
    AMOUNT,    /* u64 */
    DEADLINE,  /* u64 */
    INDEX,     /* u64 */
    COUNT,     /* u32 */
    ROUND,     /* u32 */
    FLAG,      /* u8, 0 or 1 */
    TARGET,    /* u8 */
    ACCOUNT,   /* 20 */
    EXECUTOR,  /* 20 */
    PAYEE,     /* 20 */
    SIGNATURE, /* 64 */
    PROMISE,   /* 125 */
    OTHER,     /* 125 */
    REST
};

enum { FIELDS_MAX = 9 };

static const struct {
    const char *name;
    uint8_t fields[FIELDS_MAX];
} kinds[] = {
    [CRUX_MOVE_REGISTER] = {"register", {HEADER, MANIFEST, LAYERS}},
    [CRUX_MOVE_POST] = {"post", {BYTES, AMOUNT, FLAG, ACCOUNT, REQUEST, REST}},
    [CRUX_MOVE_SETTLE] = {"settle", {HASH, COUNT, FLAG, ACCOUNT, AMOUNT}},
    [CRUX_MOVE_SHOW] = {"show", {CLAIM, BYTES, REST}},
    [CRUX_MOVE_DEMAND] = {"demand", {CLAIM}},
    [CRUX_MOVE_PUBLISH] = {"publish", {CLAIM, REQUEST, REST}},
    [CRUX_MOVE_OPEN] = {"open", {CLAIM, HASH, COUNT, AMOUNT, TARGET, INDEX, LEAF, REST}},
    [CRUX_MOVE_REVEAL] = {"reveal", {CLAIM, DISPUTE, NODE, REST}},
    [CRUX_MOVE_PICK] = {"pick", {CLAIM, DISPUTE, NODE, ROUND, INDEX, FLAG}},
    [CRUX_MOVE_SIGNED_PICK] = {"signed_pick",
                               {CLAIM, DISPUTE, NODE, ROUND, INDEX, FLAG, DEADLINE, SIGNATURE}},
    [CRUX_MOVE_JUMP] = {"jump", {CLAIM, DISPUTE, NODE, ROUND, COUNT, INDEX, FLAG, LEAF, REST}},
    [CRUX_MOVE_EXPAND] = {"expand", {CLAIM, DISPUTE, NODE, HASH, REST}},
    [CRUX_MOVE_PUT] = {"put", {CLAIM, REST}},
    [CRUX_MOVE_PROVE] = {"prove", {CLAIM, DISPUTE, NODE, REST}},
    [CRUX_MOVE_TIMEOUT] = {"timeout", {CLAIM, DISPUTE}},
    [CRUX_MOVE_REFUND] = {"refund", {CLAIM, DISPUTE}},
    [CRUX_MOVE_FINALISE] = {"finalise", {BATCH}},
    [CRUX_MOVE_ESCROW] = {"escrow", {EXECUTOR, HASH, AMOUNT, DEADLINE}},
    [CRUX_MOVE_BIND] = {"bind", {CLAIM, ACCOUNT}},
    [CRUX_MOVE_PAY] = {"pay", {ACCOUNT, EXECUTOR, HASH}},
    [CRUX_MOVE_DELEGATE] = {"delegate", {ACCOUNT, FLAG}},
    [CRUX_MOVE_WITHDRAW] = {"withdraw", {AMOUNT}},
    [CRUX_MOVE_PLEDGE] = {"pledge", {AMOUNT}},
    [CRUX_MOVE_LEAVE] = {"leave", {END}},
    [CRUX_MOVE_RELEASE] = {"release", {END}},
    [CRUX_MOVE_CALL] = {"call", {EXECUTOR, HASH, PROMISE}},
    [CRUX_MOVE_KEEP] = {"keep", {HASH, CLAIM, REST}},
    [CRUX_MOVE_LAPSE] = {"lapse", {HASH}},
    [CRUX_MOVE_CONVICT] = {"convict", {EXECUTOR, HASH, PROMISE, OTHER}},
    [CRUX_MOVE_PAYEE] = {"payee", {ACCOUNT, PAYEE}},
    [CRUX_MOVE_COLLECT] = {"collect", {ACCOUNT, AMOUNT}},
};

static bool is_known(uint8_t kind) {
    return kind < CRUX_ARRAY_LEN(kinds) && kinds[kind].name != NULL;
}

const char *crux_move_name(uint8_t kind) {
    return is_known(kind) ? kinds[kind].name : "unknown";
}

static void put(struct crux_writer *out, const struct crux_move *move, enum field field) {
    switch (field) {
    case END: return;
    case BATCH: crux_put_u64(out, move->claim.batch); return;
    case CLAIM:
        crux_put_u64(out, move->claim.batch);
        crux_put_u32(out, move->claim.member);
        return;
    case DISPUTE: crux_put_u32(out, move->dispute); return;
    case NODE: crux_put_bytes(out, move->node, 32); return;
    case HEADER: crux_put_bytes(out, move->header, CRUX_HEADER_BYTES); return;
    case MANIFEST: crux_put_bytes(out, move->manifest_hash, 32); return;
    case LAYERS: crux_put_bytes(out, move->layers_root, 32); return;
    case BYTES: crux_put_bytes(out, move->claim_bytes, CRUX_CLAIM_BYTES); return;
    case REQUEST: crux_put_bytes(out, move->request, CRUX_REQUEST_BYTES); return;
    case HASH: crux_put_bytes(out, move->hash, 32); return;
    case LEAF: crux_put_bytes(out, move->leaf, 32); return;
    case AMOUNT: crux_put_u64(out, move->amount); return;
    case DEADLINE: crux_put_u64(out, move->deadline); return;
    case INDEX: crux_put_u64(out, move->index); return;
    case COUNT: crux_put_u32(out, move->count); return;
    case ROUND: crux_put_u32(out, move->round); return;
    case FLAG:
    case TARGET: crux_put_u8(out, move->flag); return;
    case ACCOUNT: crux_put_bytes(out, move->account, sizeof(struct crux_account)); return;
    case EXECUTOR: crux_put_bytes(out, move->executor, sizeof(struct crux_account)); return;
    case PAYEE: crux_put_bytes(out, move->payee, sizeof(struct crux_account)); return;
    case SIGNATURE: crux_put_bytes(out, move->signature, CRUX_SIGNATURE_BYTES); return;
    case PROMISE: crux_put_bytes(out, move->promise, CRUX_PROMISE_BYTES); return;
    case OTHER: crux_put_bytes(out, move->other, CRUX_PROMISE_BYTES); return;
    case REST: crux_put_bytes(out, move->rest, move->rest_bytes); return;
    }
}

static void get(struct crux_cursor *in, struct crux_move *move, enum field field) {
    switch (field) {
    case END: return;
    case BATCH: move->claim.batch = crux_get_u64(in); return;
    case CLAIM:
        move->claim.batch = crux_get_u64(in);
        move->claim.member = crux_get_u32(in);
        return;
    case DISPUTE: move->dispute = crux_get_u32(in); return;
    case NODE: move->node = crux_get_bytes(in, 32); return;
    case HEADER: move->header = crux_get_bytes(in, CRUX_HEADER_BYTES); return;
    case MANIFEST: move->manifest_hash = crux_get_bytes(in, 32); return;
    case LAYERS: move->layers_root = crux_get_bytes(in, 32); return;
    case BYTES: move->claim_bytes = crux_get_bytes(in, CRUX_CLAIM_BYTES); return;
    case REQUEST: move->request = crux_get_bytes(in, CRUX_REQUEST_BYTES); return;
    case HASH: move->hash = crux_get_bytes(in, 32); return;
    case LEAF: move->leaf = crux_get_bytes(in, 32); return;
    case AMOUNT: move->amount = crux_get_u64(in); return;
    case DEADLINE: move->deadline = crux_get_u64(in); return;
    case INDEX: move->index = crux_get_u64(in); return;
    case COUNT: move->count = crux_get_u32(in); return;
    case ROUND: move->round = crux_get_u32(in); return;
    case FLAG:
        move->flag = crux_get_u8(in);
        if (move->flag > 1) crux_cursor_fail(in, CRUX_E_MOVE_MALFORMED);
        return;
    case TARGET: move->flag = crux_get_u8(in); return;
    case ACCOUNT: move->account = crux_get_bytes(in, sizeof(struct crux_account)); return;
    case EXECUTOR: move->executor = crux_get_bytes(in, sizeof(struct crux_account)); return;
    case PAYEE: move->payee = crux_get_bytes(in, sizeof(struct crux_account)); return;
    case SIGNATURE: move->signature = crux_get_bytes(in, CRUX_SIGNATURE_BYTES); return;
    case PROMISE: move->promise = crux_get_bytes(in, CRUX_PROMISE_BYTES); return;
    case OTHER: move->other = crux_get_bytes(in, CRUX_PROMISE_BYTES); return;
    case REST:
        move->rest_bytes = crux_cursor_left(in);
        move->rest = crux_get_bytes(in, move->rest_bytes);
        return;
    }
}

enum crux_status crux_move_encode(struct crux_writer *out, const struct crux_move *move) {
    if (!is_known(move->kind)) return CRUX_E_MOVE_MALFORMED;
    crux_put_u8(out, move->kind);
    for (size_t i = 0; i < FIELDS_MAX; i++) put(out, move, (enum field)kinds[move->kind].fields[i]);
    return out->status;
}

enum crux_status crux_move_decode(struct crux_move *move, const uint8_t *in, size_t len) {
    struct crux_cursor cursor;
    crux_zero(move, sizeof *move);
    if (len > CRUX_MOVE_BYTES_MAX) return CRUX_E_MOVE_MALFORMED;
    crux_cursor_init(&cursor, in, len);
    move->kind = crux_get_u8(&cursor);
    if (cursor.status != CRUX_OK) return cursor.status;
    if (!is_known(move->kind)) return CRUX_E_MOVE_MALFORMED;
    for (size_t i = 0; i < FIELDS_MAX; i++)
        get(&cursor, move, (enum field)kinds[move->kind].fields[i]);
    return crux_cursor_finish(&cursor);
}
