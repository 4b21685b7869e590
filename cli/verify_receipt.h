/* A receipt as its holder has it: the JSON document of spec/85-receipts.md, or an answer that carries one under "crux". */
#ifndef CRUX_CLI_VERIFY_RECEIPT_H
#define CRUX_CLI_VERIFY_RECEIPT_H

#include "bisection/bisection.h"
#include "cli/command.h"

struct crux_cli_receipt {
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
void crux_cli_receipt_free(struct crux_cli_receipt *receipt);

/* Out: receipt, to be freed whatever is returned; message, on failure.  What it says is not compared with anything.
 * Returns: CRUX_E_SYNTAX, CRUX_E_BAD_RANGE, CRUX_E_RECEIPT_INVALID, CRUX_E_CLAIM_INVALID, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_cli_receipt_read(struct crux_cli_receipt *receipt,
                                       char message[CRUX_CLI_MESSAGE_BYTES], const char *json,
                                       size_t len);

enum { CRUX_CLI_RECEIPT_BYTES_MAX = 64 << 20 };

/* Out: root, of a list of tokens as requests and outputs commit it. */
CRUX_MUST_CHECK
enum crux_status crux_cli_tokens_root(uint8_t root[32], const uint32_t *tokens, uint32_t count);

#endif
