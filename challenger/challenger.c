/* Opening, one step after the other, and the figures. */
#include "challenger/challenger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "challenger/inside.h"

uint64_t challenger_now(void) {
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec > 0 ? (uint64_t)now.tv_sec : 0;
}

bool challenger_stopped(const struct crux_challenger *c) {
    return c->options.stop != NULL && *c->options.stop != 0;
}

const char *crux_challenger_message(const struct crux_challenger *c) {
    return c->message[0] != 0 ? c->message : c->chain->message;
}

/* ---- opening ---- */

struct identity {
    uint8_t chain_id[32], contract[32];
};

static enum crux_status look_identity(void *ctx, const struct crux_game *game, uint64_t now) {
    struct identity *identity = ctx;
    (void)now;
    memcpy(identity->chain_id, game->chain_id, 32);
    memcpy(identity->contract, game->contract, 32);
    return CRUX_OK;
}

/* What another mode set aside, what had no model, and what was not served is looked at again. */
static enum crux_status revisit(struct crux_challenger *c) {
    char text[384];
    (void)snprintf(text, sizeof text,
                   "UPDATE claims SET due = 0 WHERE state = %d; "
                   "UPDATE claims SET state = %d, due = 0, tries = 0 WHERE state IN (%d, %d); "
                   "UPDATE batches SET listed = %d, due = 0, tries = 0 WHERE listed = %d",
                   JOURNAL_FALSE, JOURNAL_KNOWN, JOURNAL_UNKNOWN_MODEL, JOURNAL_WITHHELD,
                   JOURNAL_BATCH_UNLISTED, JOURNAL_BATCH_GIVEN_UP);
    return sqlite3_exec(c->journal.db, text, NULL, NULL, NULL) == SQLITE_OK ? CRUX_OK : CRUX_E_IO;
}

static enum crux_status warn_of_disputes(struct crux_challenger *c) {
    struct journal_dispute any;
    uint32_t count = 0;
    if (c->options.mode != CRUX_CHALLENGER_WATCH) return CRUX_OK;
    enum crux_status status = journal_disputes(&c->journal, &any, 1, &count);
    if (status == CRUX_OK && count > 0)
        challenger_say(c, CRUX_CHALLENGER_WARNING, "disputes",
                       "own disputes are open, and mode watch makes no move in them");
    return status;
}

static enum crux_status begin(struct crux_challenger *c) {
    struct identity identity;
    enum crux_status status = c->chain->ops->look(c->chain, look_identity, &identity);
    if (status != CRUX_OK) {
        (void)snprintf(c->message, sizeof c->message, "%s", c->chain->message);
        return status;
    }
    if (c->options.chain_id != NULL && memcmp(c->options.chain_id, identity.chain_id, 32) != 0) {
        char here[65], wanted[65];
        challenger_hex(here, identity.chain_id, 32);
        challenger_hex(wanted, c->options.chain_id, 32);
        (void)snprintf(c->message, sizeof c->message, "this is chain %s, not %s", here, wanted);
        return CRUX_E_CLAIM_MISMATCH;
    }
    status = journal_open(&c->journal, c->options.folder, c->message, identity.chain_id,
                          identity.contract, &c->options.account);
    if (status == CRUX_OK) status = revisit(c);
    return status == CRUX_OK ? warn_of_disputes(c) : status;
}

enum crux_status crux_challenger_open(struct crux_challenger **out, struct crux_chain *chain,
                                      const struct crux_challenger_options *options,
                                      char message[CRUX_CHALLENGER_MESSAGE_BYTES]) {
    *out = NULL;
    message[0] = 0;
    if (options->peer_count > CRUX_CHALLENGER_PEERS_MAX) return CRUX_E_USAGE;
    struct crux_challenger *c = calloc(1, sizeof *c);
    if (c == NULL) return CRUX_E_OUT_OF_MEMORY;
    c->options = *options;
    c->chain = chain;
    c->journal.message = c->message;
    enum crux_status status = begin(c);
    if (status == CRUX_OK) {
        *out = c;
        return CRUX_OK;
    }
    memcpy(message, c->message, CRUX_CHALLENGER_MESSAGE_BYTES);
    crux_challenger_close(c);
    return status;
}

void crux_challenger_close(struct crux_challenger *c) {
    if (c == NULL) return;
    challenger_runs_free(c);
    for (uint32_t i = 0; i < c->model_count; i++) challenger_model_close(c->model[i]);
    journal_close(&c->journal);
    free(c);
}

/* ---- a step ---- */

struct purse {
    const struct crux_account *account;
    struct crux_game_account held;
    uint64_t now;
};

static enum crux_status look_purse(void *ctx, const struct crux_game *game, uint64_t now) {
    struct purse *purse = ctx;
    purse->now = now;
    return crux_game_get_account(game, purse->account, &purse->held);
}

/* What the balance holds beyond what is kept leaves the chain, when nothing of it may be needed. */
static enum crux_status withdraw(struct crux_challenger *c) {
    struct purse purse = {.account = &c->options.account};
    struct journal_dispute open;
    uint32_t count;
    if (c->options.keep == 0 || c->options.mode == CRUX_CHALLENGER_WATCH) return CRUX_OK;
    enum crux_status status = journal_disputes(&c->journal, &open, 1, &count);
    if (status == CRUX_OK) status = c->chain->ops->look(c->chain, look_purse, &purse);
    if (status != CRUX_OK || count > 0 || purse.held.balance <= c->options.keep) return status;
    uint64_t amount = purse.held.balance - c->options.keep;
    const struct crux_move move = {.kind = CRUX_MOVE_WITHDRAW,
                                   .amount = purse.held.withdrawn + amount};
    status = challenger_move(c, &move);
    if (status == CRUX_OK)
        challenger_say(c, CRUX_CHALLENGER_INFO, "withdrawn", "%llu", (unsigned long long)amount);
    return challenger_refused(status) ? CRUX_OK : status;
}

enum crux_status crux_challenger_step(struct crux_challenger *c, bool *more) {
    /* Clocks first: nothing that can wait comes before a deadline. */
    static enum crux_status (*const works[])(struct crux_challenger *, bool *) = {
        challenger_follow, challenger_play,  challenger_demands,
        challenger_plan,   challenger_fetch, challenger_verify};
    *more = false;
    c->message[0] = 0;
    memset(c->waited, 0, sizeof c->waited);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(works) && !challenger_stopped(c); i++) {
        bool again = false;
        enum crux_status status = works[i](c, &again);
        if (status != CRUX_OK) return status;
        if (works[i] == challenger_fetch) c->is_fetching = again;
        *more = *more || again;
    }
    return challenger_stopped(c) ? CRUX_OK : withdraw(c);
}

/* ---- figures ---- */

static enum crux_status count_claims(struct crux_challenger *c,
                                     struct crux_challenger_figures *figures) {
    struct journal *journal = &c->journal;
    enum crux_status status;
    while ((status = journal_row(journal, JOURNAL_CLAIM_COUNTS)) == CRUX_OK) {
        uint64_t count = journal_number(journal, JOURNAL_CLAIM_COUNTS, 1);
        figures->claims += count;
        switch ((enum journal_claim_state)journal_number(journal, JOURNAL_CLAIM_COUNTS, 0)) {
        case JOURNAL_KNOWN: figures->unfetched += count; break;
        case JOURNAL_READY:
            figures->waiting += count;
            figures->waiting_positions += journal_number(journal, JOURNAL_CLAIM_COUNTS, 2);
            break;
        case JOURNAL_TRUE: figures->valid += count; break;
        case JOURNAL_TROUBLE:
        case JOURNAL_FALSE: figures->invalid += count; break;
        case JOURNAL_UNSAMPLED: figures->unsampled += count; break;
        case JOURNAL_UNKNOWN_MODEL: figures->unknown_model += count; break;
        case JOURNAL_WITHHELD: figures->withheld += count; break;
        case JOURNAL_NOT_PERMITTED: figures->not_permitted += count; break;
        }
    }
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

static enum crux_status count_disputes(struct crux_challenger *c,
                                       struct crux_challenger_figures *figures) {
    struct journal *journal = &c->journal;
    enum crux_status status;
    while ((status = journal_row(journal, JOURNAL_DISPUTE_COUNTS)) == CRUX_OK) {
        uint64_t count = journal_number(journal, JOURNAL_DISPUTE_COUNTS, 1);
        switch ((enum journal_dispute_state)journal_number(journal, JOURNAL_DISPUTE_COUNTS, 0)) {
        case JOURNAL_DISPUTE_OPEN:
            figures->at_risk += journal_number(journal, JOURNAL_DISPUTE_COUNTS, 2);
            figures->disputes_open += count;
            break;
        case JOURNAL_DISPUTE_PLANNED: figures->disputes_open += count; break;
        case JOURNAL_DISPUTE_WON: figures->disputes_won += count; break;
        case JOURNAL_DISPUTE_LOST: figures->disputes_lost += count; break;
        case JOURNAL_DISPUTE_REFUNDED: figures->disputes_refunded += count; break;
        case JOURNAL_DISPUTE_MOOT: break;
        }
    }
    return status == CRUX_E_NOT_FOUND ? CRUX_OK : status;
}

static void forecast(const struct crux_challenger *c, struct crux_challenger_figures *figures) {
    uint64_t verified = figures->valid + figures->invalid;
    uint64_t settled = figures->claims - figures->waiting - figures->unfetched;
    figures->positions = c->positions;
    figures->audited_layers = c->audited_layers;
    figures->fetched_bytes = c->fetched_bytes;
    figures->verify_seconds = c->verify_seconds;
    if (c->positions > 0) figures->token_seconds = c->verify_seconds / (double)c->positions;
    figures->catch_up_seconds = figures->token_seconds * (double)figures->waiting_positions;
    if (settled > 0) figures->audited_share = (double)verified / (double)settled;
}

enum crux_status crux_challenger_figures(struct crux_challenger *c,
                                         struct crux_challenger_figures *figures) {
    struct purse purse = {.account = &c->options.account};
    struct crux_chain_cursor cursor;
    memset(figures, 0, sizeof *figures);
    enum crux_status status = journal_cursor(&c->journal, &cursor);
    if (status == CRUX_OK) status = c->chain->ops->look(c->chain, look_purse, &purse);
    if (status == CRUX_OK) status = count_claims(c, figures);
    if (status == CRUX_OK) status = count_disputes(c, figures);
    if (status == CRUX_OK) status = journal_row(&c->journal, JOURNAL_DEMAND_FEES);
    if (status != CRUX_OK) return status;
    figures->demand_fees = journal_number(&c->journal, JOURNAL_DEMAND_FEES, 0);
    journal_reset(&c->journal, JOURNAL_DEMAND_FEES);
    figures->event = cursor.number;
    figures->chain_time = purse.now;
    figures->balance = purse.held.balance;
    figures->deadline = c->deadline;
    figures->reorganisations = c->reorganisations;
    forecast(c, figures);
    return CRUX_OK;
}
