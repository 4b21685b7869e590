/* Which claims are run again, and which may be disputed. */
#include <string.h>

#include "chain-adapter/io/seconds.h"
#include "challenger/inside.h"

const struct crux_challenger_peer *challenger_peer(const struct crux_challenger *c,
                                                   const struct crux_account *account) {
    for (uint32_t i = 0; i < c->options.peer_count; i++) {
        if (memcmp(c->options.peers[i].account.b, account->b, sizeof account->b) == 0)
            return &c->options.peers[i];
    }
    return NULL;
}

struct challenger_model *challenger_model_of(const struct crux_challenger *c,
                                             const uint8_t root[32]) {
    for (uint32_t i = 0; i < c->model_count; i++) {
        if (memcmp(c->model[i]->file.root, root, 32) == 0) return c->model[i];
    }
    return NULL;
}

/* What an executor cannot know: the secret of the journal and the claim, hashed. The claim was posted before, so it
 * cannot be made to fit the draw. 64 bits modulo a million favour no value by more than one in 10^13. */
bool challenger_samples(const struct crux_challenger *c, const uint8_t hash[32]) {
    uint8_t both[64], drawn[32];
    memcpy(both, c->journal.secret, 32);
    memcpy(both + 32, hash, 32);
    crux_sha256(drawn, both, sizeof both);
    return crux_load_u64(drawn) % CRUX_CHALLENGER_ALL < c->options.share;
}

static bool is_watched(const struct crux_challenger *c, const struct journal_claim *claim) {
    return challenger_peer(c, &claim->executor) != NULL ||
           (claim->mode == CRUX_MODE_PRIVATE && challenger_peer(c, &claim->requester) != NULL);
}

enum journal_claim_state challenger_admit(const struct crux_challenger *c,
                                          const struct journal_claim *claim,
                                          const uint8_t *model_root) {
    const struct crux_account *own = &c->options.account;
    if (memcmp(claim->executor.b, own->b, sizeof own->b) == 0) return JOURNAL_NOT_PERMITTED;
    if (c->options.peers_only && !is_watched(c, claim)) return JOURNAL_NOT_PERMITTED;
    /* The requester of a private claim, and whoever it has named: the chain says who at the dispute. */
    if (claim->mode == CRUX_MODE_PRIVATE &&
        memcmp(claim->requester.b, own->b, sizeof own->b) != 0 &&
        challenger_peer(c, &claim->requester) == NULL)
        return JOURNAL_NOT_PERMITTED;
    if (!challenger_samples(c, claim->hash)) return JOURNAL_UNSAMPLED;
    if (model_root != NULL && challenger_model_of(c, model_root) == NULL)
        return JOURNAL_UNKNOWN_MODEL;
    return JOURNAL_KNOWN;
}

double challenger_patience(const struct crux_challenger *c,
                           const struct crux_game_parameters *parameters) {
    /* Of a day's window, and of clocks of four hours: five minutes. */
    enum { OF_WINDOW = 288, OF_CLOCK = 48, LEAST_SECONDS = 5, MOST_SECONDS = 300 };
    double window = (double)parameters->window_seconds / OF_WINDOW,
           clock = (double)parameters->clock_seconds / OF_CLOCK;
    double seconds = window < clock ? window : clock;
    if (c->options.wait_seconds > 0) return c->options.wait_seconds;
    if (seconds < LEAST_SECONDS) return LEAST_SECONDS;
    return seconds < MOST_SECONDS ? seconds : MOST_SECONDS;
}

double challenger_patience_left(const struct crux_challenger *c,
                                const struct crux_challenger_peer *peer) {
    uint32_t number = (uint32_t)(peer - c->options.peers);
    double left = c->patience - c->waited[number];
    return left <= 0 || crux_seconds() < c->unheard[number] ? 0 : left;
}

void challenger_waited(struct crux_challenger *c, const struct crux_challenger_peer *peer,
                       double seconds) {
    c->waited[peer - c->options.peers] += seconds;
}

double challenger_grace(const struct crux_challenger *c) {
    enum { OF_PATIENCE = 60, LEAST_SECONDS = 5 }; /* any machine may be busy for so long */
    double seconds = c->patience / OF_PATIENCE;
    return seconds < LEAST_SECONDS ? LEAST_SECONDS : seconds;
}

void challenger_unheard(struct crux_challenger *c, const struct crux_challenger_peer *peer,
                        double waited) {
    enum { TIMES = 10 };
    if (waited < 1) return; /* what fails at once costs nothing */
    c->unheard[peer - c->options.peers] = crux_seconds() + TIMES * waited;
}

bool challenger_disputes(const struct crux_challenger *c, const struct journal_claim *claim) {
    switch (c->options.mode) {
    case CRUX_CHALLENGER_WATCH: return false;
    case CRUX_CHALLENGER_DEFEND: return is_watched(c, claim);
    case CRUX_CHALLENGER_CHALLENGE: return true;
    }
    return false;
}

bool challenger_is_whole(const struct journal_claim *claim) {
    struct crux_request request;
    if (!claim->has_claim || claim->request == NULL) return false;
    crux_request_read(&request, claim->request);
    return claim->tokens != NULL || request.request_tokens != claim->claim.request_tokens;
}
