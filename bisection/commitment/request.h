/* What was asked. Freestanding.  spec/30-commitment.md#requests */
#ifndef CRUX_BISECTION_COMMITMENT_REQUEST_H
#define CRUX_BISECTION_COMMITMENT_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

enum { CRUX_REQUEST_BYTES = 240 };

struct crux_request {
    uint8_t model_root[32];
    uint8_t nonce[32];
    uint8_t seed[32];
    uint32_t sample;
    uint32_t request_tokens; /* P */
    uint32_t limit;          /* of chosen tokens */
    uint32_t stop_count;
    uint32_t stop[CRUX_STOPS_MAX]; /* strictly ascending; unused ones 0 */
    int32_t param[CRUX_PARAMS];
    uint8_t tokens_root[32];
};

/* Is it well formed?  Returns: CRUX_E_REQUEST_INVALID unless P >= 1, limit >= 1 and the stops are as above. */
CRUX_MUST_CHECK
enum crux_status crux_request_check(const struct crux_request *request);

void crux_request_encode(uint8_t out[CRUX_REQUEST_BYTES], const struct crux_request *request);
/* Reads any 240 bytes, well formed or not: a hash can commit to either. Encoding gives the same bytes again. */
void crux_request_read(struct crux_request *request, const uint8_t in[CRUX_REQUEST_BYTES]);
/* Returns: CRUX_E_TRUNCATED, CRUX_E_TRAILING_BYTES, CRUX_E_REQUEST_INVALID. */
CRUX_MUST_CHECK
enum crux_status crux_request_decode(struct crux_request *request, const uint8_t *in, size_t len);

/* In: the encoded request. */
void crux_request_hash(uint8_t out[32], const uint8_t request[CRUX_REQUEST_BYTES]);

#endif
