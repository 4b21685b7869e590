#include "cli/simulate_network.h"

#include <stdlib.h>
#include <string.h>

static bool chance(struct crux_cli_network *network, uint32_t percent) {
    return percent != 0 && crux_cli_random_below(network->random, 100) < percent;
}

void crux_cli_network_begin(struct crux_cli_network *network) {
    network->censor_at = 1;
    if (network->conditions.censor_seconds != 0)
        network->censor_at +=
            (uint32_t)crux_cli_random_below(network->random, CRUX_CLI_CENSOR_SENDINGS);
}

static void forget(struct crux_cli_message *message) {
    free(message->bytes);
    *message = (struct crux_cli_message){.bytes = NULL};
}

void crux_cli_network_end(struct crux_cli_network *network) {
    for (unsigned i = 0; i < CRUX_CLI_MESSAGES_MAX; i++) forget(&network->message[i]);
}

/* ---- what players remember ---- */

static bool same_key(const struct crux_cli_key *a, const struct crux_cli_key *b) {
    return a->who == b->who && a->kind == b->kind && a->dispute == b->dispute &&
           a->round == b->round && a->stage == b->stage &&
           memcmp(a->node, b->node, sizeof a->node) == 0;
}

static struct crux_cli_sent *find_sent(struct crux_cli_network *network,
                                       const struct crux_cli_key *key) {
    for (unsigned i = 0; i < CRUX_CLI_SENT_MAX; i++) {
        if (network->sent[i].used && same_key(&network->sent[i].key, key)) return &network->sent[i];
    }
    return NULL;
}

bool crux_cli_network_may_send(const struct crux_cli_network *network,
                               const struct crux_cli_key *key, uint64_t now, uint64_t *wake) {
    const struct crux_cli_sent *sent =
        find_sent((struct crux_cli_network *)(uintptr_t)network, key);
    if (sent == NULL) return true;
    if (sent->refused) return false;
    if (now >= sent->at + CRUX_CLI_RESEND_SECONDS) return true;
    if (sent->at + CRUX_CLI_RESEND_SECONDS < *wake) *wake = sent->at + CRUX_CLI_RESEND_SECONDS;
    return false;
}

static void remember(struct crux_cli_network *network, const struct crux_cli_key *key,
                     uint64_t now) {
    struct crux_cli_sent *sent = find_sent(network, key);
    network->figures.sent++;
    if (sent != NULL) {
        network->figures.sent_again++;
        sent->at = now;
        return;
    }
    sent = &network->sent[0];
    for (unsigned i = 0; i < CRUX_CLI_SENT_MAX && sent->used; i++) {
        if (!network->sent[i].used || network->sent[i].at < sent->at) sent = &network->sent[i];
    }
    *sent = (struct crux_cli_sent){.key = *key, .at = now, .used = true};
}

/* ---- under way ---- */

/* A place for a message; those whose blocks can no longer be replaced are forgotten. */
static struct crux_cli_message *find_room(struct crux_cli_network *network, uint64_t now) {
    uint64_t kept = (uint64_t)network->conditions.reorg_blocks * CRUX_CLI_BLOCK_SECONDS;
    struct crux_cli_message *found = NULL;
    for (unsigned i = 0; i < CRUX_CLI_MESSAGES_MAX; i++) {
        struct crux_cli_message *message = &network->message[i];
        if (message->bytes != NULL && message->event != 0 && message->included_at + kept < now)
            forget(message);
        if (message->bytes == NULL && found == NULL) found = message;
    }
    return found;
}

static bool is_dropped(struct crux_cli_network *network, unsigned who) {
    uint32_t *in_a_row = &network->dropped_in_a_row[who % 8];
    bool dropped =
        chance(network, network->conditions.drop_percent) && *in_a_row < CRUX_CLI_DROPS_IN_A_ROW;
    *in_a_row = dropped ? *in_a_row + 1 : 0;
    network->figures.dropped += dropped;
    return dropped;
}

static uint64_t when_due(struct crux_cli_network *network, const struct crux_cli_key *key,
                         uint64_t now) {
    const struct crux_cli_conditions *c = &network->conditions;
    uint64_t due = now, delay = 0;
    if (c->delay_seconds != 0)
        delay = crux_cli_random_below(network->random, (uint64_t)c->delay_seconds + 1);
    network->figures.delayed += delay != 0;
    if (chance(network, c->reorder_percent))
        delay += (1 + crux_cli_random_below(network->random, CRUX_CLI_REORDER_BLOCKS)) *
                 CRUX_CLI_BLOCK_SECONDS;
    if (c->censor_seconds != 0 && key->who == c->censored && due < network->censor_end) {
        due = network->censor_end;
        network->figures.censored++;
    }
    return due + delay;
}

static enum crux_status put_under_way(struct crux_cli_network *network,
                                      const struct crux_cli_key *key, const uint8_t *bytes,
                                      size_t len, uint64_t now) {
    struct crux_cli_message *message = find_room(network, now);
    if (message == NULL) {
        network->figures.dropped++;
        return CRUX_OK;
    }
    uint8_t *copy = malloc(len + 1);
    if (copy == NULL) return CRUX_E_OUT_OF_MEMORY;
    memcpy(copy, bytes, len);
    *message = (struct crux_cli_message){.bytes = copy,
                                         .len = len,
                                         .key = *key,
                                         .number = ++network->numbers,
                                         .due = when_due(network, key, now)};
    return CRUX_OK;
}

enum crux_status crux_cli_network_send(struct crux_cli_network *network,
                                       const struct crux_cli_key *key, const uint8_t *bytes,
                                       size_t len, bool in_dispute, uint64_t now) {
    const struct crux_cli_conditions *c = &network->conditions;
    remember(network, key, now);
    if (c->censor_seconds != 0 && key->who == c->censored && in_dispute &&
        ++network->sendings == network->censor_at)
        network->censor_end = now + c->censor_seconds;
    if (is_dropped(network, key->who)) return CRUX_OK;
    enum crux_status status = put_under_way(network, key, bytes, len, now);
    if (status == CRUX_OK && chance(network, c->repeat_percent)) {
        network->figures.repeated++;
        status = put_under_way(network, key, bytes, len, now);
    }
    return status;
}

static bool comes_before(const struct crux_cli_message *a, const struct crux_cli_message *b) {
    return b == NULL || a->due < b->due || (a->due == b->due && a->number < b->number);
}

struct crux_cli_message *crux_cli_network_next(struct crux_cli_network *network, uint64_t now) {
    struct crux_cli_message *next = NULL;
    for (unsigned i = 0; i < CRUX_CLI_MESSAGES_MAX; i++) {
        struct crux_cli_message *message = &network->message[i];
        if (message->bytes != NULL && message->event == 0 && message->due <= now &&
            comes_before(message, next))
            next = message;
    }
    return next;
}

void crux_cli_network_included(struct crux_cli_network *network, struct crux_cli_message *message,
                               uint64_t event, uint64_t now, bool gone) {
    if (message->number < network->latest) network->figures.reordered++;
    if (message->number > network->latest) network->latest = message->number;
    struct crux_cli_sent *sent = find_sent(network, &message->key);
    if (gone && sent != NULL) sent->refused = true;
    if (event == 0 || network->conditions.reorg_blocks == 0) {
        forget(message);
        return;
    }
    message->event = event;
    message->included_at = now;
}

void crux_cli_network_undone(struct crux_cli_network *network, uint64_t event, uint64_t now) {
    enum { LOST_ONE_IN = 3 };
    network->figures.reorgs++;
    for (unsigned i = 0; i < CRUX_CLI_MESSAGES_MAX; i++) {
        struct crux_cli_message *message = &network->message[i];
        if (message->bytes == NULL || message->event <= event) continue;
        network->figures.undone++;
        if (crux_cli_random_below(network->random, LOST_ONE_IN) == 0) {
            forget(message);
            continue;
        }
        message->event = 0;
        message->due = when_due(network, &message->key, now);
    }
}

uint64_t crux_cli_network_due(const struct crux_cli_network *network) {
    uint64_t due = UINT64_MAX;
    for (unsigned i = 0; i < CRUX_CLI_MESSAGES_MAX; i++) {
        const struct crux_cli_message *message = &network->message[i];
        if (message->bytes != NULL && message->event == 0 && message->due < due) due = message->due;
    }
    return due;
}
