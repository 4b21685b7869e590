/* Moves, and their canonical bytes: what a chain keeps and its events carry.   spec/70-game.md#moves */
#ifndef CRUX_BISECTION_GAME_MOVE_H
#define CRUX_BISECTION_GAME_MOVE_H

#include <stddef.h>
#include <stdint.h>

#include "bisection/game/records.h"

enum {
    CRUX_SIGNATURE_BYTES = 64, /* r || s, s low */
    CRUX_MOVE_PARTS_MAX = 16,  /* of a witness in a prove */
    CRUX_MOVE_BYTES_MAX = 1 << 20,
    /* of a receipt, beside executor and request: claim hash, mode, requester, deadline, signature */
    CRUX_PROMISE_BYTES = 32 + 1 + 20 + 8 + CRUX_SIGNATURE_BYTES
};

enum crux_move_kind {
    CRUX_MOVE_REGISTER = 1,
    CRUX_MOVE_POST = 2,
    CRUX_MOVE_SETTLE = 3,
    CRUX_MOVE_SHOW = 4,
    CRUX_MOVE_DEMAND = 5,
    CRUX_MOVE_PUBLISH = 6,
    CRUX_MOVE_OPEN = 7,
    CRUX_MOVE_REVEAL = 8,
    CRUX_MOVE_PICK = 9,
    CRUX_MOVE_SIGNED_PICK = 10,
    CRUX_MOVE_JUMP = 11,
    CRUX_MOVE_EXPAND = 12,
    CRUX_MOVE_PUT = 13,
    CRUX_MOVE_PROVE = 14,
    CRUX_MOVE_TIMEOUT = 15,
    CRUX_MOVE_REFUND = 16,
    CRUX_MOVE_FINALISE = 17,
    CRUX_MOVE_ESCROW = 18,
    CRUX_MOVE_BIND = 19,
    CRUX_MOVE_PAY = 20,
    CRUX_MOVE_DELEGATE = 21,
    CRUX_MOVE_WITHDRAW = 22,
    CRUX_MOVE_PLEDGE = 23,
    CRUX_MOVE_LEAVE = 24,
    CRUX_MOVE_RELEASE = 25,
    CRUX_MOVE_CALL = 26,
    CRUX_MOVE_KEEP = 27,
    CRUX_MOVE_LAPSE = 28,
    CRUX_MOVE_CONVICT = 29,
    CRUX_MOVE_PAYEE = 30,
    CRUX_MOVE_COLLECT = 31
};

/* What a dispute is opened on. */
enum crux_target {
    CRUX_TARGET_TRACE = 1,  /* narrow from the trace root */
    CRUX_TARGET_LEAF = 2,   /* a trace leaf: index, leaf hash, rest = siblings */
    CRUX_TARGET_OUTPUT = 3, /* narrow from the output root */
    CRUX_TARGET_COUNT = 4,  /* the element count */
    CRUX_TARGET_TOKEN = 5,  /* the element output, index */
    CRUX_TARGET_DONE = 6    /* the element done, index */
};

/* timeout with this dispute number is that of the claim's demand. */
#define CRUX_DISPUTE_DEMAND UINT32_MAX

/* Decoded in place: pointers go into the bytes. `rest` is whatever follows the fields of the kind. A field that the kind
 * does not have is not read when a move is encoded or applied. */
struct crux_move {
    uint8_t kind; /* enum crux_move_kind */
    /* show .. refund, bind: the claim; finalise: its batch */
    struct crux_claim_id claim;
    /* reveal .. expand, prove, timeout, refund */
    uint32_t dispute;
    const uint8_t *node; /* reveal .. expand, prove: the hash that the move answers */
    /* register */
    const uint8_t *header, *manifest_hash, *layers_root;
    /* post, show: 140 bytes; post, publish: the request's 240 bytes */
    const uint8_t *claim_bytes, *request;
    /* open: of the claim.  settle: root over claims.  expand: tensors root.  escrow, call, convict: request hash.
     * keep, lapse: digest of the receipt. */
    const uint8_t *hash;
    uint64_t
        amount; /* bond of post, settle; most that open may cost; escrow; withdraw, collect, pledge: in all */
    uint64_t deadline; /* escrow; expiry of a signed pick */
    uint64_t index;    /* open: leaf, token.  pick.  jump: leaf, or element */
    uint32_t count;    /* settle: claims.  open: nonce.  jump: op */
    uint32_t round;    /* pick, jump: of the dispute, when the move is made */
    uint8_t flag;      /* settle: private.  open: target.  pick, jump: padding.  delegate: is one */
    /* settle, pay, bind: requester.  escrow: executor.  delegate.  payee, collect: whose it is */
    const uint8_t *account;
    const uint8_t *executor;        /* pay, escrow, call, convict */
    const uint8_t *payee;           /* payee */
    const uint8_t *promise, *other; /* call, convict: CRUX_PROMISE_BYTES */
    const uint8_t *leaf;            /* open, jump: hash of the trace leaf, or of the page */
    const uint8_t *signature;
    const uint8_t *rest;
    size_t rest_bytes;
};

/* Writes the canonical bytes.  Returns: CRUX_E_MOVE_MALFORMED for an unknown kind, the writer's status. */
CRUX_MUST_CHECK
enum crux_status crux_move_encode(struct crux_writer *out, const struct crux_move *move);
/* Out: move, which points into `in`.  Returns: CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_MOVE_MALFORMED. */
CRUX_MUST_CHECK
enum crux_status crux_move_decode(struct crux_move *move, const uint8_t *in, size_t len);

/* Returns: "post", "reveal" ...; "unknown". Never NULL. */
const char *crux_move_name(uint8_t kind);

#endif
