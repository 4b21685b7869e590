/* Handlers about what was promised, and what they share. */
#ifndef CRUX_EXECUTOR_SERVICE_CLAIMS_CLAIMS_H
#define CRUX_EXECUTOR_SERVICE_CLAIMS_CLAIMS_H

#include "executor/service/claims/receipts.h"

void claims_receipt(void *ctx, struct crux_http_exchange *exchange);
void claims_claim(void *ctx, struct crux_http_exchange *exchange);
void claims_batch(void *ctx, struct crux_http_exchange *exchange);

/* Returns: the run that the path's first parameter names, to be freed; NULL if that was answered, as it is with 429 where
 * the asker's allowance is used up. */
struct crux_store_run *claims_find(struct service *service, struct crux_http_exchange *exchange,
                                   enum crux_store_by by);
/* Returns: false if the run is private and not theirs who ask, which was answered. */
bool claims_may_see(struct service *service, struct crux_http_exchange *exchange,
                    const struct crux_store_run *run);
/* Whom a question is counted for: whose API key it has; else the address, of IPv6 the /64, and the /48 that this is in. */
struct claims_asker {
    uint8_t one[CRUX_ARCHIVES_ASKER_BYTES], site[CRUX_ARCHIVES_ASKER_BYTES];
    bool has_site;
};
void claims_asker(struct service *service, struct crux_http_exchange *exchange,
                  struct claims_asker *asker);
/* Counts bytes of an answer, or work worth so many, for the asker. */
void claims_count(struct service *service, struct crux_http_exchange *exchange, uint64_t bytes);
void claims_fail(struct crux_http_exchange *exchange, int status, const char *code,
                 const char *message);
/* 64 lower-case hexadecimal digits. */
bool claims_read_hash(uint8_t hash[32], const char *text);

#endif
