/* A challenger as a process, for tests: it disputes true claims. Once each it disputes every claim of one executor that
 * anybody may dispute, and goes wherever its seed says, down to an element; from one dispute in four it walks away instead.
 *
 *   lying_challenger CHAIN ACCOUNT EXECUTOR SEED
 *
 * It keeps nothing: what it does follows from its arguments and the chain, so that it may be killed at any moment. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain-adapter/local/local.h"
#include "tests/support/random.h"

enum { NONCE = 1 };

struct sham {
    struct crux_chain chain;
    struct crux_account account, executor;
    uint64_t seed;
    /* the move that is to be made now */
    bool any;
    struct crux_move move;
    uint8_t hash[32];
};

static volatile sig_atomic_t stopped;

static void on_signal(int number) {
    (void)number;
    stopped = 1;
}

/* The same for the same dispute and round, whenever it is asked. */
static uint64_t drawn(const struct sham *sham, const struct crux_claim_id *id, uint32_t round,
                      uint64_t end) {
    struct crux_random random = {sham->seed ^ id->batch << 40 ^ (uint64_t)id->member << 20 ^ round};
    (void)crux_random_next(&random);
    return crux_random_below(&random, end);
}

static bool walks_away(const struct sham *sham, const struct crux_claim_id *id) {
    return drawn(sham, id, UINT16_MAX, 4) == 0;
}

/* The first element of the page that is there; of a page of padding, its padding. */
static void point_in_page(struct crux_move *move, const struct crux_game_dispute *d) {
    if (d->place.tree != CRUX_GAME_OP) return; /* of the output's page: the first slot */
    uint64_t per_page = d->layout.page_bytes / d->layout.element_bytes;
    uint64_t in_stride = d->layout.stride_bytes / d->layout.element_bytes;
    uint64_t first = d->place.index * per_page; /* of the padded elements */
    move->flag = first % in_stride >= d->layout.row_elements;
    if (move->flag == 0)
        move->index = first / in_stride * d->layout.row_elements + first % in_stride;
}

static enum crux_status pick(struct sham *sham, const struct crux_game *game,
                             const struct crux_claim_id *id, const struct crux_game_dispute *d) {
    struct crux_game_reveal reveal;
    enum crux_status status = CRUX_OK;
    memcpy(sham->hash, d->node, 32);
    sham->move = (struct crux_move){.kind = CRUX_MOVE_PICK,
                                    .claim = *id,
                                    .dispute = d->key.number,
                                    .node = sham->hash,
                                    .round = d->round};
    sham->any = true;
    if (d->stage == CRUX_STAGE_ELEMENT) {
        point_in_page(&sham->move, d);
    } else if (d->stage == CRUX_STAGE_SIDE) {
        sham->move.index = drawn(sham, id, d->round, 2);
    } else {
        status = crux_game_get_reveal(game, id, &d->place, &reveal);
        if (status == CRUX_OK) sham->move.index = drawn(sham, id, d->round, reveal.nodes);
    }
    return status;
}

static void open_dispute(struct sham *sham, const struct crux_game_batch *batch,
                         const struct crux_claim_id *id, const struct crux_game_claim *claim) {
    static const uint8_t no_leaf[32];
    memcpy(sham->hash, claim->hash, 32);
    sham->any = true;
    sham->move = (struct crux_move){.kind = CRUX_MOVE_OPEN,
                                    .claim = *id,
                                    .hash = sham->hash,
                                    .leaf = no_leaf,
                                    .count = NONCE,
                                    .amount = crux_game_bond(batch, claim),
                                    .flag = CRUX_TARGET_TRACE};
}

static enum crux_status look_claim(struct sham *sham, const struct crux_game *game,
                                   const struct crux_game_batch *batch,
                                   const struct crux_claim_id *id, uint64_t now) {
    struct crux_game_claim claim;
    struct crux_game_dispute dispute;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status != CRUX_OK || !claim.shown || claim.fallen) return status;
    for (uint32_t i = 0; i < claim.disputes; i++) {
        status = crux_game_get_dispute(game, id, i, &dispute);
        if (status != CRUX_OK) return status;
        if (memcmp(&dispute.challenger, &sham->account, sizeof dispute.challenger) != 0) continue;
        bool is_due = dispute.stage < CRUX_STAGE_WON && crux_game_turn(&dispute) == 1 &&
                      now <= crux_game_deadline(&dispute);
        return is_due && !walks_away(sham, id) ? pick(sham, game, id, &dispute) : CRUX_OK;
    }
    if (now <= batch->posted_at + batch->parameters.window_seconds)
        open_dispute(sham, batch, id, &claim);
    return CRUX_OK;
}

/* The first move that is due. */
static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct sham *sham = ctx;
    struct crux_game_chain chain;
    sham->any = false;
    enum crux_status status = crux_game_get_chain(game, &chain);
    for (uint64_t number = 0; status == CRUX_OK && number < chain.batches; number++) {
        struct crux_game_batch batch;
        status = crux_game_get_batch(game, number, &batch);
        if (status != CRUX_OK || batch.mode == CRUX_MODE_PRIVATE ||
            memcmp(&batch.executor, &sham->executor, sizeof batch.executor) != 0)
            continue;
        for (uint32_t member = 0; status == CRUX_OK && member < batch.count; member++) {
            const struct crux_claim_id id = {number, member, 0};
            status = look_claim(sham, game, &batch, &id, now);
            if (sham->any) return status;
        }
    }
    return status;
}

static enum crux_status make(struct sham *sham) {
    struct crux_game_outcome outcome;
    struct crux_writer writer;
    uint8_t bytes[1024]; /* neither a pick nor such an opening has a rest */
    crux_writer_init(&writer, bytes, sizeof bytes);
    enum crux_status status = crux_move_encode(&writer, &sham->move);
    if (status != CRUX_OK) return status;
    return sham->chain.ops->move(&sham->chain, &outcome, &sham->account, bytes, writer.at);
}

int main(int argc, char **argv) {
    const struct sigaction action = {.sa_handler = on_signal};
    const struct timespec pause = {.tv_nsec = 20000000};
    if (argc != 5) return 2;
    struct sham *sham = calloc(1, sizeof *sham);
    if (sham == NULL || crux_chain_account_read(&sham->account, argv[2]) != CRUX_OK ||
        crux_chain_account_read(&sham->executor, argv[3]) != CRUX_OK ||
        crux_chain_local_open(&sham->chain, argv[1], NULL) != CRUX_OK)
        return 1;
    sham->seed = strtoull(argv[4], NULL, 10);
    (void)sigaction(SIGTERM, &action, NULL);
    while (!stopped) {
        enum crux_status status = sham->chain.ops->look(&sham->chain, look, sham);
        if (status == CRUX_OK && sham->any) status = make(sham);
        if (status != CRUX_OK) /* another move may have come first */
            (void)fprintf(stderr, "%s: %s\n", crux_status_name(status), sham->chain.message);
        if (status != CRUX_OK || !sham->any) (void)nanosleep(&pause, NULL);
    }
    sham->chain.ops->close(&sham->chain);
    free(sham);
    return 0;
}
