/* One question about the protocol in bytes, one answer in bytes: what the native runner and the wasm runner both ask.
 *
 *   vectors/x.json --runner--> question --crux_conformance_answer--> answer --runner--> compared with the vector
 *
 * A question is a function number (u8) and its arguments; an answer is a status (u16) and, if that is 0, the rest.
 * Integers are little-endian; "list" is a count u32 and its entries. Freestanding.
 */
#ifndef CRUX_TESTS_CONFORMANCE_ANSWER_H
#define CRUX_TESTS_CONFORMANCE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

enum crux_question {
    /* descriptor (256), pos, n, layer, sample u32, seed (32), index 4 x u32,
     * list of (slot, source u8, tensor, layer, time u32, list of (flat u64, value i64))
     * -> value i64, x i64, reads that the list lacks u32, listed values never read u32 */
    CRUX_ASK_OP = 1,
    CRUX_ASK_DESCRIPTOR = 2, /* 256 bytes -> encoded again */
    CRUX_ASK_HEADER = 3,     /* 32 bytes -> encoded again */
    CRUX_ASK_LAYER = 4,      /* 16 bytes -> encoded again */
    /* space u8 (1 model, 2 run, 3 step), dtype u8, pos, n u32, list of dims (a, b, c i32, d, e u32),
     * list of flat u64, list of byte u64
     * -> pages u64, bytes u64, bytes of the last page u32, (page u64, at u32) for each flat, u8 for each byte */
    CRUX_ASK_LAYOUT = 5,
    /* layout u8, inputs u32, rows u64, flat u64, bytes of the tile that holds it
     * -> leaves u64, leaf u64, its bytes u32, value i64 */
    CRUX_ASK_TILE = 6,
    CRUX_ASK_LEAF = 7,  /* page -> hash */
    CRUX_ASK_ROOT = 8,  /* list of leaf hashes -> root */
    CRUX_ASK_PROOF = 9, /* leaf count u64, root, list of (index u64, hash), proof -> */
    CRUX_ASK_NESTED =
        10, /* outer count u64, root, list of (tensor u32, leaf, leaf count u64, list of u8), proof -> */
    CRUX_ASK_PEAKS = 11,   /* list of leaf hashes -> root, list of peaks, the largest first */
    CRUX_ASK_UVARINT = 12, /* bytes -> value u64, encoded again */
    CRUX_ASK_SVARINT = 13, /* bytes -> value i64, encoded again */
    CRUX_ASK_CLAIM = 14,   /* bytes -> hash, 4 roots, P, N, cancelled u64, encoded again */
    CRUX_ASK_ELEMENT = 15, /* bytes -> kind, pos, layer, op, index u64, 3 hashes, encoded again */
    /* bytes -> hash, model root, nonce, seed, tokens root, sample, P, limit, list of stops u64,
     * list of params i64, encoded again */
    CRUX_ASK_REQUEST = 16,
    CRUX_ASK_NULL_LEAF = 17,     /* -> hash */
    CRUX_ASK_CLOSE_LEAF = 18,    /* P, N, cancelled u32, output root -> hash */
    CRUX_ASK_STEP_ROOT = 19,     /* record root, tensors root -> hash */
    CRUX_ASK_OP_LEAF = 20,       /* descriptor (256) -> hash */
    CRUX_ASK_LAYER_LEAF = 21,    /* layer (16), ops root -> hash */
    CRUX_ASK_MANIFEST_HASH = 22, /* bytes -> hash */
    CRUX_ASK_MODEL_ROOT = 23,    /* header (32), manifest hash, layers root -> hash */
    CRUX_ASK_CASE = 24,          /* bytes -> claim (140), element (117), witness */
    CRUX_ASK_PROGRAM = 26,       /* a program file -> encoded again */
    CRUX_ASK_ERROR_NAME = 25,    /* number u32 -> letters */
    /* bytes -> hash, chain, contract, executor (20), request hash, claim hash, mode u64, requester (20), deadline u64,
     * encoded again */
    CRUX_ASK_RECEIPT = 27
};

enum {
    CRUX_QUESTION_BYTES_MAX = 1 << 20,
    CRUX_ANSWER_BYTES_MAX = 1 << 17,
    CRUX_ASK_READS_MAX = 8192, /* values listed in one question about an op */
    CRUX_ASK_LEAVES_MAX = 1024 /* of one question about a tree */
};

/* Out: answer.  In: cap >= CRUX_ANSWER_BYTES_MAX.
 * Returns: its bytes. A question that is not well formed is answered with CRUX_E_USAGE, an answer without room with
 * CRUX_E_INTERNAL. */
size_t crux_conformance_answer(uint8_t *answer, size_t cap, const uint8_t *question, size_t len);

#endif
