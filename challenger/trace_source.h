/* Trace leaves and records of claims by HTTP, as their executors serve them, for crux_engine_audit: which believes none of
 * it before it has found it under the claim's trace root.   spec/86-http.md#traces
 *
 *   crux_engine_audit --claim 3, layer 6, positions 0..255--> GET URL/v1/traces/HASH/records?.. --> its bytes, or why not */
#ifndef CRUX_CHALLENGER_TRACE_SOURCE_H
#define CRUX_CHALLENGER_TRACE_SOURCE_H

#include "chain-adapter/io/http_client.h"
#include "executor/engine/engine.h"

enum { CRUX_CHALLENGER_SOURCE_MESSAGE_BYTES = 320 };

/* A claim, and who serves it. */
struct crux_challenger_served_claim {
    const char *url;    /* "http://host:port", with or without a slash behind; NULL: nobody */
    const char *bearer; /* NULL: none */
    const uint8_t *hash;
};

/* Zeroed but for what is in. Must not be moved between calls. */
struct crux_challenger_source {
    const struct crux_challenger_served_claim *claims; /* by their numbers in crux_engine_audit */
    double
        patience; /* seconds that replies are waited for, all together; 0: as long as they take */
    const volatile int *stop; /* not zero: nothing more is asked; may be NULL */
    void (*progress)(void *ctx, uint64_t records); /* so many have come; may be NULL */
    void *progress_ctx;
    /* out */
    uint64_t records, bytes; /* that have come; bytes: of the bodies of all replies */
    double waited;           /* seconds for replies, and between tries */
    char message[CRUX_CHALLENGER_SOURCE_MESSAGE_BYTES]; /* why the last one was not served; "" */
    /* its own */
    struct crux_http_reply reply;
    uint8_t *parts; /* records that came in several answers; malloced */
    size_t parts_bytes;
    uint32_t at_once; /* records asked for in one, since more were too many for it; 0: any */
};
/* Out: served, which asks source.  In: source, to be freed when served is used no more. */
void crux_challenger_source_serve(struct crux_engine_served *served,
                                  struct crux_challenger_source *source);
void crux_challenger_source_free(struct crux_challenger_source *source);

/* Draws layers without replacement: each set is as likely as any other to whoever does not know the secret.
 * Out: layers, ascending, `count` of them.
 * In: count, 1 to all; secret, 32 bytes; NULL: of the system's randomness; about, what is audited: the same draw for the
 * same secret.
 * Returns: CRUX_E_IO if the system gives no random bytes. */
CRUX_MUST_CHECK
enum crux_status crux_challenger_draw(uint32_t *layers, uint32_t count, uint32_t all,
                                      const uint8_t *secret, const uint8_t about[32]);

#endif
