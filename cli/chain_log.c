/* crux chain log: the events of a chain file. */
#include <stdio.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/output.h"

enum { OPTION_AFTER, OPTION_HASH, OPTION_COUNT };

const struct crux_cli_option crux_cli_chain_log_options[] = {
    [OPTION_AFTER] = {.name = "after",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "NUMBER",
                      .help = "only events after this one",
                      .least = 0,
                      .most = INT64_MAX},
    [OPTION_HASH] = {.name = "hash",
                     .kind = CRUX_CLI_TEXT,
                     .value = "HASH",
                     .help = "which has this hash; if no longer, fail with not_found"},
    [OPTION_COUNT] = {.name = NULL},
};

struct listing {
    json_t *events; /* NULL: for a person */
    uint64_t after;
    const char *hash; /* that event `after` must have; NULL: any */
    bool found;       /* it has */
};

static void say(const struct crux_chain_event *event) {
    char sender[41], hash[65];
    crux_cli_chain_hex(sender, event->sender.b, sizeof event->sender.b);
    crux_cli_chain_hex(hash, event->hash, sizeof event->hash);
    hash[16] = 0;
    (void)printf("%6llu  %10llu  %-11s  %5llu/%-3u  %4u  %7zu  %s  %s%s\n",
                 (unsigned long long)event->number, (unsigned long long)event->time,
                 crux_cli_chain_kind(event), (unsigned long long)event->outcome.claim.batch,
                 event->outcome.claim.member, event->outcome.dispute, event->len, sender, hash,
                 event->outcome.fell ? "  fell" : "");
}

/* All events are read from the first on, so that each hash is checked. */
static bool list(void *ctx, const struct crux_chain_event *event) {
    struct listing *listing = ctx;
    if (event->number == listing->after && listing->hash != NULL) {
        char hash[65];
        crux_cli_chain_hex(hash, event->hash, sizeof event->hash);
        listing->found = strcmp(hash, listing->hash) == 0;
        return listing->found;
    }
    if (event->number <= listing->after) return true;
    if (listing->events != NULL)
        (void)json_array_append_new(listing->events, crux_cli_chain_json_event(event));
    else
        say(event);
    return true;
}

enum crux_cli_exit crux_cli_run_chain_log(const struct crux_cli_call *call) {
    struct crux_chain chain;
    struct crux_chain_cursor cursor = {0};
    bool reorganised;
    struct listing listing = {.after = call->option[OPTION_AFTER].number};
    if (call->option[OPTION_HASH].given) listing.hash = call->option[OPTION_HASH].text;
    if (listing.hash != NULL && listing.after == 0)
        return crux_cli_fail(call, CRUX_E_USAGE, "--hash needs --after, of the same event");
    enum crux_cli_exit code = crux_cli_chain_open(&chain, call);
    if (code != CRUX_CLI_OK) return code;
    if (call->json) listing.events = json_array();
    if (!call->json && listing.hash == NULL)
        (void)printf("%6s  %10s  %-11s  %9s  %4s  %7s  %-40s  %s\n", "event", "time", "move",
                     "claim", "disp", "bytes", "sender", "hash");
    enum crux_status status =
        chain.ops->events(&chain, &cursor, &reorganised, UINT64_MAX, list, &listing);
    if (status == CRUX_OK && listing.hash != NULL && !listing.found) {
        status = CRUX_E_NOT_FOUND;
        (void)snprintf(chain.message, sizeof chain.message,
                       "the chain has no event %llu of this hash: it was reorganised, go back",
                       (unsigned long long)listing.after);
    }
    if (status == CRUX_OK && call->json)
        code = crux_cli_answer(call, json_pack("{s:O}", "events", listing.events));
    json_decref(listing.events);
    return crux_cli_chain_close(&chain, call, status, code);
}
