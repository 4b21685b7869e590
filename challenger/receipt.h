/* A receipt as its holder has it: the JSON document of spec/85-receipts.md, or an answer that carries one under "crux". */
#ifndef CRUX_CHALLENGER_RECEIPT_H
#define CRUX_CHALLENGER_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"

enum { CRUX_CHALLENGER_RECEIPT_BYTES_MAX = 64 << 20, CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES = 320 };

struct crux_challenger_receipt {
    struct crux_receipt fields;
    struct crux_claim claim;
    uint8_t id[32], request[CRUX_REQUEST_BYTES], signature[CRUX_SIGNATURE_BYTES];
    uint32_t *tokens, *output; /* claim.request_tokens and claim.chosen_tokens; malloced */
    bool is_posted;            /* then what follows */
    uint64_t batch;
    uint32_t member;
    uint8_t batch_root[32];
    uint8_t *path; /* malloced */
    size_t path_bytes;
};
void crux_challenger_receipt_free(struct crux_challenger_receipt *receipt);

/* Out: receipt, to be freed whatever is returned; message, on failure.  What it says is not compared with anything.
 * Returns: CRUX_E_SYNTAX, CRUX_E_BAD_RANGE, CRUX_E_RECEIPT_INVALID, CRUX_E_CLAIM_INVALID, CRUX_E_UNSUPPORTED (too long),
 *          CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_receipt_read(struct crux_challenger_receipt *receipt,
                                              char message[CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES],
                                              const char *json, size_t len);

/* Out: root, of a list of tokens as requests and outputs commit it. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_tokens_root(uint8_t root[32], const uint32_t *tokens,
                                             uint32_t count);

#endif
