#include "challenger/trace_source.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "chain-adapter/io/seconds.h"

/* The executor may have to run its request again before it can answer. */
enum {
    RECORDS_BYTES_MAX = 64 << 20, /* in one call, in however many answers */
    WHOLE_MILLISECONDS = 120000,
    TRIES = 3, /* while it says that it is busy */
    PAUSE_SECONDS_MAX = 5
};

static void hex(char out[65], const uint8_t hash[32]) {
    for (size_t i = 0; i < 32; i++) (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

CRUX_PRINTF(3, 4)
static enum crux_status refuse(struct crux_challenger_source *source, enum crux_status status,
                               const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(source->message, sizeof source->message, format, args);
    va_end(args);
    return status;
}

/* Returns: milliseconds that one reply may take; 0: nothing more is asked. */
static uint32_t time_left(const struct crux_challenger_source *source) {
    double left = 1000 * (source->patience - source->waited);
    if (source->stop != NULL && *source->stop != 0) return 0;
    if (source->patience == 0 || left >= WHOLE_MILLISECONDS) return WHOLE_MILLISECONDS;
    return left < 1 ? 0 : (uint32_t)left;
}

static enum crux_status fetch_once(struct crux_challenger_source *source,
                                   struct crux_http_ask *ask) {
    double start = crux_seconds();
    crux_http_reply_free(&source->reply);
    uint32_t milliseconds = time_left(source);
    ask->limits.whole_milliseconds = milliseconds > 0 ? milliseconds : 1;
    enum crux_status status = crux_http_fetch(&source->reply, ask);
    source->bytes += source->reply.body_bytes;
    source->waited += crux_seconds() - start;
    return status;
}

static void rest(struct crux_challenger_source *source) {
    uint32_t asked = source->reply.retry_after_seconds, left = time_left(source) / 1000;
    uint32_t seconds = asked == 0 ? 1 : asked > PAUSE_SECONDS_MAX ? PAUSE_SECONDS_MAX : asked;
    const struct timespec wait = {.tv_sec = seconds < left ? seconds : left};
    double start = crux_seconds();
    (void)nanosleep(&wait, NULL);
    source->waited += crux_seconds() - start;
}

/* Out: source->reply, whatever its code. */
static enum crux_status fetch(struct crux_challenger_source *source, struct crux_http_ask *ask) {
    for (unsigned tries = 1;; tries++) {
        enum crux_status status = fetch_once(source, ask);
        bool is_busy =
            status == CRUX_OK && (source->reply.code == 429 || source->reply.code == 503);
        if (!is_busy || tries == TRIES) return status;
        rest(source);
        if (time_left(source) == 0) return status;
    }
}

/* Out: source->reply, of 200. */
static enum crux_status get(struct crux_challenger_source *source, uint32_t number,
                            const char *rest, size_t most) {
    const struct crux_challenger_served_claim *claim = &source->claims[number];
    char url[CRUX_HTTP_URL_BYTES_MAX], text[65];
    if (claim->url == NULL) return refuse(source, CRUX_E_NOT_FOUND, "no URL is known");
    if (time_left(source) == 0) return refuse(source, CRUX_E_STOPPING, "its time is over");
    size_t len = strlen(claim->url);
    while (len > 0 && claim->url[len - 1] == '/') len--;
    hex(text, claim->hash);
    int written =
        snprintf(url, sizeof url, "%.*s/v1/traces/%s/%s", (int)len, claim->url, text, rest);
    if (written < 0 || (size_t)written >= sizeof url)
        return refuse(source, CRUX_E_USAGE, "its URL is too long");
    struct crux_http_ask ask = {
        .url = url, .bearer = claim->bearer, .limits = {.body_bytes_max = most}};
    enum crux_status status = fetch(source, &ask);
    if (status != CRUX_OK) return refuse(source, status, "%s", source->reply.message);
    if (source->reply.code == 200) return CRUX_OK;
    return refuse(source, CRUX_E_NOT_FOUND, "the executor answered with %d to %s",
                  source->reply.code, rest);
}

static enum crux_status give_leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                                    uint8_t (*leaves)[32]) {
    struct crux_challenger_source *source = ctx;
    char rest[96];
    (void)snprintf(rest, sizeof rest, "leaves?from=%llu&count=%u", (unsigned long long)first,
                   (unsigned)count);
    enum crux_status status = get(source, claim, rest, (size_t)count * 32);
    if (status != CRUX_OK) return status;
    if (source->reply.body_bytes != (size_t)count * 32)
        return refuse(source, CRUX_E_TRUNCATED, "the executor gave %zu bytes for %u leaves",
                      source->reply.body_bytes, (unsigned)count);
    memcpy(leaves, source->reply.body, (size_t)count * 32);
    return CRUX_OK;
}

/* Out: source->reply, with these or with the first `*count` of them.
 * In/out: count; fewer than asked for where an answer would be too long (413). */
static enum crux_status get_records(struct crux_challenger_source *source, uint32_t claim,
                                    uint32_t layer, uint32_t first, uint32_t *count, size_t most) {
    char rest[96];
    for (;;) { /* each time half of what it was */
        if (source->at_once > 0 && *count > source->at_once) *count = source->at_once;
        (void)snprintf(rest, sizeof rest, "records?layer=%u&from=%u&count=%u", (unsigned)layer,
                       (unsigned)first, (unsigned)*count);
        enum crux_status status = get(source, claim, rest, most);
        if (status == CRUX_OK || source->reply.code != 413 || *count == 1) return status;
        source->at_once = *count / 2;
    }
}

/* Puts what has come behind what came before. */
static enum crux_status add_part(struct crux_challenger_source *source) {
    size_t more = source->reply.body_bytes;
    uint8_t *grown = realloc(source->parts, source->parts_bytes + more + 1);
    if (grown == NULL) return CRUX_E_OUT_OF_MEMORY;
    if (more > 0) memcpy(grown + source->parts_bytes, source->reply.body, more);
    source->parts = grown;
    source->parts_bytes += more;
    return CRUX_OK;
}

static enum crux_status give_records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                     uint32_t count, const uint8_t **bytes, size_t *len) {
    struct crux_challenger_source *source = ctx;
    source->parts_bytes = 0;
    for (uint32_t given = 0; given < count;) {
        uint32_t some = count - given;
        size_t most = RECORDS_BYTES_MAX - source->parts_bytes;
        if (most == 0) return refuse(source, CRUX_E_UNSUPPORTED, "its records are too large");
        enum crux_status status = get_records(source, claim, layer, first + given, &some, most);
        bool is_whole = some == count;
        if (status == CRUX_OK && !is_whole) status = add_part(source);
        if (status != CRUX_OK) return status;
        given += some;
        source->records += some;
        if (source->progress != NULL) source->progress(source->progress_ctx, source->records);
        *bytes = is_whole ? source->reply.body : source->parts;
        *len = is_whole ? source->reply.body_bytes : source->parts_bytes;
    }
    return CRUX_OK;
}

void crux_challenger_source_serve(struct crux_engine_served *served,
                                  struct crux_challenger_source *source) {
    *served = (struct crux_engine_served){source, give_leaves, give_records};
}

void crux_challenger_source_free(struct crux_challenger_source *source) {
    crux_http_reply_free(&source->reply);
    free(source->parts);
    source->parts = NULL;
}

enum crux_status crux_challenger_draw(uint32_t *layers, uint32_t count, uint32_t all,
                                      const uint8_t *secret, const uint8_t about[32]) {
    uint8_t seed[68], drawn[32];
    uint32_t taken = 0;
    CRUX_ASSERT(count <= all);
    if (secret != NULL) memcpy(seed, secret, 32);
    if (secret == NULL && getrandom(seed, 32, 0) != 32) return CRUX_E_IO;
    memcpy(seed + 32, about, 32);
    for (uint32_t layer = 0; layer < all && taken < count; layer++) {
        crux_store_u32(seed + 64, layer);
        crux_sha256(drawn, seed, sizeof seed);
        /* Of the layers that are left, as many are still wanted. 64 bits modulo 2^16 at most favour nothing that counts. */
        if (crux_load_u64(drawn) % (all - layer) < count - taken) layers[taken++] = layer;
    }
    return CRUX_OK;
}
