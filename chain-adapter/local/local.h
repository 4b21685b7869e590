/* A chain in one file, which several processes share: the rules run in the process that moves, one transaction a move.
 * Killed or cut off at any moment, the file holds each move whole or not at all.   spec/80-chains.md#the-local-chain */
#ifndef CRUX_CHAIN_ADAPTER_LOCAL_LOCAL_H
#define CRUX_CHAIN_ADAPTER_LOCAL_LOCAL_H

#include "chain-adapter/chain.h"

struct crux_chain_local_new {
    struct crux_game_parameters parameters;
    bool scripted; /* time passes only by advance; else it is the system's, in Unix seconds */
    uint64_t time; /* scripted: the first */
    const uint8_t *chain_id; /* 32; NULL: random */
    const uint8_t *contract; /* 32; NULL: zero */
};

/* Makes the file. A file that is there already is left alone.
 * Out: message, on failure.  Returns: CRUX_E_IO, CRUX_E_PARAMETERS_INVALID and such. */
CRUX_MUST_CHECK
enum crux_status crux_chain_local_create(char message[CRUX_CHAIN_MESSAGE_BYTES], const char *path,
                                         const struct crux_chain_local_new *what);

/* Signatures are checked by who opens; NULL: none is valid. */
struct crux_chain_local_verifier {
    bool (*verify)(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                   const uint8_t signature[CRUX_SIGNATURE_BYTES]);
    void *ctx;
};

/* Out: chain, to be closed by chain->ops->close; chain->message, on failure.  In: verifier, may be NULL.
 * Returns: CRUX_E_BAD_MAGIC (no chain file), CRUX_E_BAD_VERSION, CRUX_E_IO. Not to be used after a fork. */
CRUX_MUST_CHECK
enum crux_status crux_chain_local_open(struct crux_chain *chain, const char *path,
                                       const struct crux_chain_local_verifier *verifier);

struct crux_chain_local_info {
    uint8_t chain_id[32], contract[32], genesis[32];
    bool scripted;
    uint64_t events;  /* so far */
    uint8_t last[32]; /* hash of the last one; of none: genesis */
};
CRUX_MUST_CHECK
enum crux_status crux_chain_local_info(struct crux_chain *chain,
                                       struct crux_chain_local_info *info);

struct crux_chain_local_verified {
    uint64_t events, records; /* that were played again, and compared */
};
/* Plays all events again from an empty store, under the parameters that the file has, and compares what each did, each
 * hash, and in the end each record. Signatures are checked by the verifier that the chain was opened with.
 * Returns: CRUX_E_CHECKSUM_MISMATCH, CRUX_E_NON_CANONICAL if something is not as played; chain->message says what. */
CRUX_MUST_CHECK
enum crux_status crux_chain_local_verify(struct crux_chain *chain,
                                         struct crux_chain_local_verified *verified);

#endif
