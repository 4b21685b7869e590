/* Every preimage of spec/30-commitment.md against hashes that another program made. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "bisection/commitment/claim.h"
#include "bisection/commitment/preimage.h"
#include "bisection/commitment/request.h"

static void assert_hash(const uint8_t hash[32], const char *expected) {
    char hex[65];
    for (size_t i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(hex, expected);
}

/* The bytes first, first+1, ... */
static void count_up(uint8_t *out, size_t len, uint8_t first) {
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(first + i);
}

static void null_and_close(void **unused CRUX_UNUSED) {
    uint8_t out[32], output_root[32];
    crux_null_leaf(out);
    assert_hash(out, "2e2995f0b9bf4c0339f05edcc3c03f8a0a1aa9cc19d18f5bbb2209d5982e5dec");
    count_up(output_root, 32, 64);
    crux_close_leaf(out, 3, 5, 5, output_root);
    assert_hash(out, "feaa71098a8a6f1ae4163e4275e48cbae69ee6d11f599720a236a310c0b7f5a3");
}

static void claim(void **unused CRUX_UNUSED) {
    struct crux_claim claim = {.request_tokens = 3, .chosen_tokens = 5, .cancelled = 5};
    uint8_t out[32];
    count_up(claim.model_root, 32, 0);
    count_up(claim.request_hash, 32, 32);
    count_up(claim.output_root, 32, 64);
    count_up(claim.trace_root, 32, 96);
    crux_claim_hash(out, &claim);
    assert_hash(out, "a4ffa049030f92fd534c434ff989bd60f53504846f33618a9141646e1ee74954");
}

static void request(void **unused CRUX_UNUSED) {
    struct crux_request request = {
        .sample = 7, .request_tokens = 3, .limit = 100, .stop_count = 2, .stop = {2, 9}};
    uint8_t encoded[CRUX_REQUEST_BYTES], out[32];
    count_up(request.model_root, 32, 0);
    count_up(request.nonce, 32, 1);
    count_up(request.seed, 32, 2);
    count_up(request.tokens_root, 32, 3);
    for (int32_t i = 0; i < CRUX_PARAMS; i++)
        request.param[i] = (i % 2 == 0 ? 1 : -1) * i * 1000003;
    crux_request_encode(encoded, &request);
    crux_request_hash(out, encoded);
    assert_hash(out, "fb826d2c2ee14ed22ae8433073fb358141423ddceb32b093c9619b5286cb5051");
}

static void model(void **unused CRUX_UNUSED) {
    uint8_t out[32], bytes[256];
    count_up(bytes, 256, 0);
    crux_manifest_hash(out, (const uint8_t *)"name: toy\n", 10);
    assert_hash(out, "ae4dc7c0d5a8fcf1fef23f331b30714e1f2349c4fddee9a94b21c7422542c98f");
    crux_op_leaf(out, bytes);
    assert_hash(out, "cba728a54258ebaac600cd894c22e668445f1f28571e15ccc0fda977ab15c43c");
    crux_layer_leaf(out, bytes, bytes + 64);
    assert_hash(out, "09740e48178cc70f4a79e818d5f8c71dce4d212fde5fda3af5c1e424ad78508b");
    crux_model_root(out, bytes, bytes + 32, bytes + 64);
    assert_hash(out, "1521cf19e0e149a156542cd39a0b8a1e5d964c7e882a76cbc644811edc901a0d");
    crux_step_root(out, bytes, bytes + 32);
    assert_hash(out, "1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_close),
        cmocka_unit_test(claim),
        cmocka_unit_test(request),
        cmocka_unit_test(model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
