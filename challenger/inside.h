/* Shared by the files of the challenger. Each function that fails says why in c->message. */
#ifndef CRUX_CHALLENGER_INSIDE_H
#define CRUX_CHALLENGER_INSIDE_H

#include "chain-adapter/io/http_client.h"
#include "challenger/challenger.h"
#include "challenger/journal.h"
#include "executor/engine/engine.h"

enum {
    CHALLENGER_DISPUTES_MAX = 256, /* own ones, open at once */
    CHALLENGER_RUNS_MAX = 4,       /* own runs kept in memory for disputes */
    CHALLENGER_UNSERVED_MAX = 64
};

/* All layers of a model, or some, ready to compute. Zeroed: not open. */
struct challenger_engine {
    struct crux_engine_model *model;
    struct crux_engine *engine;
};

struct challenger_model {
    struct crux_model_file file;
    bool is_file;                   /* open */
    struct challenger_engine whole; /* opened when it is first needed */
    struct crux_committed_model committed;
    bool is_committed; /* made when the first dispute needs it */
};

/* An own run of a claim's request to as many tokens as claimed. */
struct challenger_run {
    uint8_t hash[32]; /* of the claim */
    struct crux_archive *archive;
    struct crux_archive_provider provider;
    uint32_t *tokens; /* of the request */
    uint64_t used;    /* when last: the least goes first */
};

/* Of an executor that did not answer. */
struct challenger_penalty {
    double until; /* crux_seconds() */
    uint32_t seconds;
};

struct crux_challenger {
    struct crux_challenger_options options;
    uint64_t audited_layers; /* claims of which single layers were judged */
    uint64_t fetched_bytes;  /* from executors: of the bodies of replies */
    struct crux_chain *chain;
    struct journal journal;
    char message[CRUX_CHALLENGER_MESSAGE_BYTES];
    struct challenger_model *model[CRUX_CHALLENGER_MODELS_MAX];
    uint32_t model_count;
    struct challenger_run run[CHALLENGER_RUNS_MAX];
    uint64_t runs_used;
    uint64_t reorganisations, positions;
    double verify_seconds;
    bool is_fetching; /* claims are still coming */
    double
        gathering_until; /* crux_seconds() up to which those that have come wait for them; 0: none wait */
    uint8_t unserved[CHALLENGER_UNSERVED_MAX][32]; /* claims whose traces are not asked for again */
    uint32_t unserved_count;                       /* ever; the ring holds the last ones */
    struct challenger_penalty penalty[CRUX_CHALLENGER_PEERS_MAX]; /* of options.peers */
    /* crux_seconds() until which none of them is asked for traces */
    double unheard[CRUX_CHALLENGER_PEERS_MAX];
    double waited[CRUX_CHALLENGER_PEERS_MAX]; /* seconds for their traces, in this step */
    double patience;                          /* the most of these; set by challenger_follow */
    uint64_t said;     /* when it was last said that something hinders a dispute */
    uint64_t deadline; /* of an own turn, the earliest; 0: none */
};

CRUX_PRINTF(4, 5)
void challenger_say(const struct crux_challenger *c, enum crux_challenger_level level,
                    const char *kind, const char *format, ...);
/* Something happened to a claim.  In: executor, may be NULL. */
void challenger_alert(const struct crux_challenger *c, enum crux_challenger_level level,
                      const char *kind, const struct crux_claim_id *id,
                      const struct crux_account *executor, const char *text);

/* Returns: is it time to end? */
bool challenger_stopped(const struct crux_challenger *c);
/* Returns: seconds since 1970 by the system, for retries alone: what the chain decides goes by the chain's time. */
uint64_t challenger_now(void);
void challenger_hex(char *out, const uint8_t *bytes, size_t len);

/* ---- policy.c ---- */

/* Returns: KNOWN, or why the claim is left alone.  In: model_root, NULL if not known yet. */
enum journal_claim_state challenger_admit(const struct crux_challenger *c,
                                          const struct journal_claim *claim,
                                          const uint8_t *model_root);
/* Returns: does the draw take what has this hash? */
bool challenger_samples(const struct crux_challenger *c, const uint8_t hash[32]);
/* Returns: NULL if it is not on the list. */
const struct crux_challenger_peer *challenger_peer(const struct crux_challenger *c,
                                                   const struct crux_account *account);
struct challenger_model *challenger_model_of(const struct crux_challenger *c,
                                             const uint8_t root[32]);
/* Returns: may this mode dispute the claim? */
bool challenger_disputes(const struct crux_challenger *c, const struct journal_claim *claim);

/* Returns: seconds that a step may wait for the traces of one executor: what the options say, or a small part of what the
 * chain gives to find a false claim and to answer a move. */
double challenger_patience(const struct crux_challenger *c,
                           const struct crux_game_parameters *parameters);
/* Returns: seconds that are left of it for this one; 0: it is not asked for traces now.  In: peer, of options.peers. */
double challenger_patience_left(const struct crux_challenger *c,
                                const struct crux_challenger_peer *peer);
/* Counts seconds that were waited for traces of this one. */
void challenger_waited(struct crux_challenger *c, const struct crux_challenger_peer *peer,
                       double seconds);
/* Returns: seconds of it, for one audit or move, that are not held against anybody whose traces come. */
double challenger_grace(const struct crux_challenger *c);
/* Whoever lets others wait for traces, and does not serve them or is not worth the wait, is asked for none many times as
 * long: it must not take the time that other claims need.  In: waited, seconds for these traces. */
void challenger_unheard(struct crux_challenger *c, const struct crux_challenger_peer *peer,
                        double waited);

/* Returns: is there enough to judge it? A claim about another number of tokens than its request's needs none. */
bool challenger_is_whole(const struct journal_claim *claim);

/* ---- model.c ---- */

/* Opens all of its layers, if they are not. */
CRUX_MUST_CHECK
enum crux_status challenger_model_whole(struct crux_challenger *c, struct challenger_model *model);
void challenger_model_close(struct challenger_model *model);
/* Out: engine, to be closed if CRUX_OK is returned.  In: layers, ascending; NULL: all. */
CRUX_MUST_CHECK
enum crux_status challenger_engine_open(struct challenger_engine *engine, struct crux_challenger *c,
                                        const struct challenger_model *model,
                                        const uint32_t *layers, uint32_t count);
void challenger_engine_close(struct challenger_engine *engine);

/* ---- follow.c ---- */

/* Reads a bounded number of events.  Out: more. */
CRUX_MUST_CHECK
enum crux_status challenger_follow(struct crux_challenger *c, bool *more);

/* ---- fetch.c ---- */

/* Lists a batch, or fetches the contents of a few claims.  Out: more. */
CRUX_MUST_CHECK
enum crux_status challenger_fetch(struct crux_challenger *c, bool *more);
/* Out: hashes, malloced, of all members of a batch, leading to its root; NULL if nobody serves them. */
CRUX_MUST_CHECK
enum crux_status challenger_members(struct crux_challenger *c, uint8_t (**hashes)[32],
                                    const struct crux_account *executor, const uint8_t root[32],
                                    uint32_t count);

/* ---- verify.c ---- */

/* Verifies a batch of claims.  Out: more. */
CRUX_MUST_CHECK
enum crux_status challenger_verify(struct crux_challenger *c, bool *more);

/* ---- layers.c ---- */

/* Are single layers of this model's claims audited, and not whole runs? */
bool challenger_audits_layers(const struct crux_challenger *c,
                              const struct challenger_model *model);
/* Audits drawn layers of claims of one model and batch.
 * Out: verdict, of each: true, false, or CRUX_ENGINE_AUDIT_UNSERVED for what must be run again as a whole.
 * In: claims, whole and with their output; claimed, the same as they are verified. */
CRUX_MUST_CHECK
enum crux_status challenger_audit(struct crux_challenger *c, struct challenger_model *model,
                                  const struct journal_claim *claims,
                                  const struct crux_engine_claimed *claimed, uint32_t count,
                                  enum crux_engine_audit_verdict *verdicts);

/* ---- run.c ---- */

/* Out: run, kept until others push it out; NULL if the request cannot be run.
 * In: claim, with request and tokens. */
CRUX_MUST_CHECK
enum crux_status challenger_own_run(struct crux_challenger *c, struct challenger_run **run,
                                    struct challenger_model *model,
                                    const struct journal_claim *claim);
void challenger_runs_free(struct crux_challenger *c);

/* ---- served.c ---- */

/* A claim's trace as its executor serves it. Must not be moved: the provider points into it. */
struct challenger_served {
    struct crux_challenger *c;
    const struct crux_challenger_peer *peer;
    const uint8_t *hash; /* of the claim */
    double waited;       /* seconds, for this move */
    uint32_t left;       /* requests */
    struct crux_evidence evidence;
    struct crux_provider provider;
};

/* Returns: &served->provider, or NULL if no URL is known, it has failed before, or was waited for long enough.  In: hash, which outlives it. */
const struct crux_provider *challenger_served(struct challenger_served *served,
                                              struct crux_challenger *c,
                                              const struct crux_account *executor,
                                              const uint8_t hash[32]);
/* The move is found. */
void challenger_served_end(const struct challenger_served *served);

/* ---- open.c, play.c, demand.c ---- */

/* Plans disputes on claims that were found false.  Out: more. */
CRUX_MUST_CHECK
enum crux_status challenger_plan(struct crux_challenger *c, bool *more);

/* An own dispute and its claim, as the chain has them at one moment. */
struct challenger_scene {
    struct crux_challenger *c;
    struct journal_dispute planned;
    /* out */
    bool gone;    /* another claim stands there, or none */
    bool is_made; /* the open has been made; then number and dispute are its */
    uint32_t number;
    struct crux_game_dispute dispute;
    struct crux_game_claim claim;
    struct crux_game_batch batch;
    uint64_t now, balance;
};
CRUX_MUST_CHECK
enum crux_status challenger_look(struct challenger_scene *scene, struct crux_challenger *c,
                                 const struct journal_dispute *planned);

/* Makes the move that opens a planned dispute, after showing the claim if nobody has.
 * In: at_risk, bonds of the other disputes.  Out: more: there is more to do about it. */
CRUX_MUST_CHECK
enum crux_status challenger_open(struct crux_challenger *c, const struct challenger_scene *scene,
                                 uint64_t at_risk, bool *more);
/* Makes one move in each own dispute where one is due, the earliest deadline first.  Out: more. */
CRUX_MUST_CHECK
enum crux_status challenger_play(struct crux_challenger *c, bool *more);
/* Demands a claim's request; calls the timeouts of demands.
 * Out: demanded: it is demanded, now or before; or it was published meanwhile. */
CRUX_MUST_CHECK
enum crux_status challenger_demand(struct crux_challenger *c, const struct crux_claim_id *id,
                                   bool *demanded);
CRUX_MUST_CHECK
enum crux_status challenger_demands(struct crux_challenger *c, bool *more);

/* Makes a move.  Returns: the game's; what is refused is said in c->message. */
CRUX_MUST_CHECK
enum crux_status challenger_move(struct crux_challenger *c, const struct crux_move *move);
/* Returns: is this a refusal by the game, and not trouble with the chain? */
bool challenger_refused(enum crux_status status);

#endif
