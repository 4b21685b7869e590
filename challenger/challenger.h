/* The watchtower: follows a chain, runs claims again, and disputes the false ones. The only way into challenger/.
 *
 *   chain events --> journal --> documents by HTTP, hash by hash --> verification in batches --> true
 *                       |                                                    `--> false: alert, dispute, play to the end
 *                       `-- survives being killed at any moment; what it does not hold is asked of the chain again
 *
 * One thread. crux_challenger_step does a bounded piece of work; disputes come before new verifications, the earliest
 * deadline first.   spec/70-game.md#honest-players */
#ifndef CRUX_CHALLENGER_CHALLENGER_H
#define CRUX_CHALLENGER_CHALLENGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chain-adapter/chain.h"
#include "challenger/receipt.h"
#include "challenger/trace_source.h"

enum {
    CRUX_CHALLENGER_MESSAGE_BYTES = 512,
    CRUX_CHALLENGER_MODELS_MAX = 16,
    CRUX_CHALLENGER_PEERS_MAX = 256
};
#define CRUX_CHALLENGER_ALL UINT32_C(1000000) /* a share, in millionths */

enum crux_challenger_mode {
    CRUX_CHALLENGER_WATCH, /* moves nothing; says what it would do */
    CRUX_CHALLENGER_DEFEND, /* disputes only claims whose executor or requester it was told to watch */
    CRUX_CHALLENGER_CHALLENGE /* disputes every false claim */
};

enum crux_challenger_level {
    CRUX_CHALLENGER_INFO,
    CRUX_CHALLENGER_WARNING,
    CRUX_CHALLENGER_ALERT /* somebody should know; goes to the hook and the webhook too */
};

/* An account to watch. */
struct crux_challenger_peer {
    struct crux_account account;
    const char *url;    /* of an executor's service, "http://host:port"; NULL: none is known */
    const char *bearer; /* key with which it serves private claims; NULL: none */
};

struct crux_challenger_options {
    const char *folder; /* of the journal; made if it is not there */
    enum crux_challenger_mode mode;
    struct crux_account account; /* who moves */
    const struct crux_challenger_peer *peers;
    uint32_t peer_count;
    bool peers_only; /* claims of others are left alone, in every mode */
    uint32_t
        share; /* of claims that are run again, in millionths; drawn from a secret of the journal */
    uint32_t
        layers; /* of a model that are audited of each of them, drawn in the same way; 0: whole runs */
    uint64_t risk_max;   /* bonds of own disputes together, at any time */
    uint64_t demand_max; /* fees of demands in all, ever; 0: demands nothing */
    uint64_t
        keep; /* what the balance holds beyond this is withdrawn when no dispute is open; 0: never */
    uint32_t retry_seconds; /* between attempts to fetch; 0: at once */
    uint32_t attempts;      /* to fetch, before a demand is considered; 0: 3 */
    uint32_t
        wait_seconds; /* that one executor's traces are waited for in a step; 0: by the chain's window */
    unsigned threads;    /* of the engine; 0: all */
    const char *backend; /* NULL: the first that works */
    const char *hook;    /* program run at an alert: HOOK KIND CLAIM EXECUTOR TEXT; NULL: none */
    const char *webhook; /* URL to which an alert is posted as JSON; NULL: none */
    const uint8_t *chain_id;  /* 32: refuse any other chain; NULL: whichever it is */
    const volatile int *stop; /* not zero: end what can be ended; may be NULL */
    void (*log)(void *ctx, enum crux_challenger_level level, const char *kind, const char *text);
    void *log_ctx;
};

struct crux_challenger;

/* Out: challenger, to be closed with crux_challenger_close; NULL on failure; message, on failure, why.
 * In: chain, which outlives it and is used by nobody else meanwhile; options, whose pointers outlive it.
 * Returns: CRUX_E_CLAIM_MISMATCH for a journal of, or an order for, another chain or account; CRUX_E_IO (another process
 *          has the journal, ...); CRUX_E_BAD_VERSION; CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_open(struct crux_challenger **challenger, struct crux_chain *chain,
                                      const struct crux_challenger_options *options,
                                      char message[CRUX_CHALLENGER_MESSAGE_BYTES]);
void crux_challenger_close(struct crux_challenger *challenger);

/* Loads a model file, all of whose weights are hashed: who judges others by wrong weights loses bonds.
 * Out: root, the model root.  Returns: crux_engine_load's, crux_model_file_verify's; CRUX_E_DUPLICATE_NAME. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_model(struct crux_challenger *challenger, const char *path,
                                       uint8_t root[32],
                                       char message[CRUX_CHALLENGER_MESSAGE_BYTES]);

/* Does a piece of work: reads events, plays open disputes, fetches, verifies a batch, opens disputes.
 * Out: more: there is work that need not wait.
 * Returns: CRUX_E_IO and such if the journal or the chain fails: nothing is lost, and it may be called again. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_step(struct crux_challenger *challenger, bool *more);

/* Returns: why the last step failed. */
const char *crux_challenger_message(const struct crux_challenger *challenger);

struct crux_challenger_figures {
    uint64_t event; /* number of the last one that was read */
    uint64_t chain_time;
    uint64_t claims;    /* learned of */
    uint64_t unfetched; /* whose request or tokens are missing */
    uint64_t waiting;   /* to be verified */
    uint64_t waiting_positions;
    uint64_t valid, invalid;                                    /* verified: true, false */
    uint64_t unsampled, unknown_model, withheld, not_permitted; /* left unverified, and why */
    uint64_t disputes_open, disputes_won, disputes_lost, disputes_refunded;
    uint64_t deadline; /* the earliest of an own turn; 0: none */
    uint64_t balance, at_risk, demand_fees;
    uint64_t reorganisations;
    uint64_t audited_layers; /* claims of which single layers were judged, since the start */
    /* since the start */
    uint64_t positions;     /* verified */
    uint64_t fetched_bytes; /* from executors: of the bodies of replies */
    double verify_seconds;
    double token_seconds;    /* of one position; 0: none was verified */
    double catch_up_seconds; /* forecast for what is waiting; 0: nothing is, or nothing is known */
    double audited_share;    /* verified, of all claims that are not waiting */
};

/* Returns: the journal's or the chain's. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_figures(struct crux_challenger *challenger,
                                         struct crux_challenger_figures *figures);

#endif
