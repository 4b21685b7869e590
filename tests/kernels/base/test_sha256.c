#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/base/sha256_impl.h"

static uint32_t random_state = 2463534242;

static uint32_t random_u32(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static void fill(uint8_t *out, size_t len) {
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(random_u32() >> 11);
}

/* Calls `each` for every implementation that this processor has, and names those it lacks. */
static void for_each(void (*each)(const struct crux_sha256_impl *impl)) {
    size_t count, tested = 0;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    for (size_t i = 0; i < count; i++) {
        if (!impls[i].available()) {
            print_message("skipped: %s (not on this processor)\n", impls[i].name);
            continue;
        }
        each(&impls[i]);
        tested++;
    }
    assert_true(tested >= 1);
    assert_string_equal(impls[count - 1].name, "plain");
    assert_true(impls[count - 1].available());
}

static void from_hex(uint8_t out[32], const char *hex) {
    assert_int_equal(strlen(hex), 64);
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
}

/* FIPS 180-4 and the NIST example values. */
static void published_vectors(void **unused CRUX_UNUSED) {
    static const struct {
        const char *text;
        const char *hash;
    } vectors[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrl"
         "mnopqrsmnopqrst"
         "nopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    uint8_t expected[32], hash[32];
    for (size_t i = 0; i < CRUX_ARRAY_LEN(vectors); i++) {
        const uint8_t *text = (const uint8_t *)vectors[i].text;
        from_hex(expected, vectors[i].hash);
        crux_sha256_plain(hash, text, strlen(vectors[i].text));
        assert_memory_equal(hash, expected, 32);
        crux_sha256(hash, text, strlen(vectors[i].text));
        assert_memory_equal(hash, expected, 32);
    }

    uint8_t *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    from_hex(expected, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    crux_sha256_plain(hash, million, 1000000);
    assert_memory_equal(hash, expected, 32);
    crux_sha256(hash, million, 1000000);
    assert_memory_equal(hash, expected, 32);
    free(million);
    crux_sha256(hash, NULL, 0);
    from_hex(expected, vectors[0].hash);
    assert_memory_equal(hash, expected, 32);
}

static void hash_with(const struct crux_sha256_impl *impl, uint8_t out[32], const uint8_t *in,
                      size_t len, size_t cut) {
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_absorb(&ctx, impl->compress, in, cut);
    crux_sha256_absorb(&ctx, impl->compress, in + cut, len - cut);
    crux_sha256_close(&ctx, impl->compress, out);
}

enum { LENGTH_MAX = 300, LANES_TESTED_MAX = 40 };

static void one_message_each_length(const struct crux_sha256_impl *impl) {
    uint8_t in[LENGTH_MAX + 64], expected[32], hash[32];
    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        for (int round = 0; round < 4; round++) {
            const uint8_t *at = in + random_u32() % 64;
            fill(in, sizeof in);
            crux_sha256_plain(expected, at, len);
            hash_with(impl, hash, at, len, random_u32() % (len + 1));
            assert_memory_equal(hash, expected, 32);
        }
    }
}

static void lengths(void **unused CRUX_UNUSED) {
    for_each(one_message_each_length);
}

static void *hash_abc(void *hash) {
    crux_sha256(hash, (const uint8_t *)"abc", 3);
    return NULL;
}

/* Must run first: only then is there nothing chosen yet. */
static void first_use_from_many_threads(void **unused CRUX_UNUSED) {
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    uint8_t hash[THREADS][32], expected[32];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_abc, hash[i]), 0);
    }
    crux_sha256_plain(expected, (const uint8_t *)"abc", 3);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_memory_equal(hash[i], expected, 32);
    }
}

/* One hash of `prefix || in` by the plain implementation, in two updates. */
static void expect(uint8_t out[32], uint8_t prefix, const uint8_t *in, size_t len) {
    struct crux_sha256_plain_ctx ctx;
    crux_sha256_plain_init(&ctx);
    crux_sha256_plain_update(&ctx, &prefix, 1);
    crux_sha256_plain_update(&ctx, in, len);
    crux_sha256_plain_final(&ctx, out);
}

/* The buffers are exactly as long as they may be read and written, so that a sanitizer sees one
 * byte more. */
static void check_many(const struct crux_sha256_impl *impl, size_t len, size_t gap, size_t n) {
    size_t stride = len + gap;
    size_t in_bytes = n > 0 ? (n - 1) * stride + len : 0;
    size_t shift = random_u32() % 16;
    uint8_t *buffer = malloc(shift + in_bytes + 1);
    uint8_t *out = malloc(32 * n + 1);
    uint8_t expected[32];
    assert_non_null(buffer);
    assert_non_null(out);
    /* ends where the allocation ends */
    uint8_t *in = buffer + shift + 1;
    fill(in, in_bytes);
    out[32 * n] = 0x5a;
    uint8_t prefix = (uint8_t)random_u32();
    crux_sha256_many_with(impl, out, prefix, in, len, stride, n);
    assert_int_equal(out[32 * n], 0x5a);
    for (size_t i = 0; i < n; i++) {
        expect(expected, prefix, in + i * stride, len);
        if (memcmp(out + 32 * i, expected, 32) != 0) {
            fail_msg("%s: message %zu of %zu, %zu bytes, stride %zu", impl->name, i, n, len,
                     stride);
        }
    }
    free(out);
    free(buffer);
}

static void many_each_length(const struct crux_sha256_impl *impl) {
    for (size_t len = 0; len <= LENGTH_MAX; len++) {
        check_many(impl, len, random_u32() % 80, impl->lanes);
        check_many(impl, len, 0, 1 + random_u32() % LANES_TESTED_MAX);
    }
    check_many(impl, 1024, 0, 37);
    check_many(impl, 1023, 5, 17);
    check_many(impl, 65537, 3, impl->lanes + 1);
}

static void many_each_count(const struct crux_sha256_impl *impl) {
    static const size_t lens[] = {0, 1, 32, 54, 55, 62, 63, 64, 65, 119, 127, 128, 256};
    for (size_t l = 0; l < CRUX_ARRAY_LEN(lens); l++) {
        for (size_t n = 0; n <= LANES_TESTED_MAX; n++) check_many(impl, lens[l], 7 * (n % 2), n);
    }
}

static void many(void **unused CRUX_UNUSED) {
    for_each(many_each_length);
    for_each(many_each_count);
}

static void one_message_in_every_lane(const struct crux_sha256_impl *impl) {
    uint8_t in[100], out[LANES_TESTED_MAX * 32], expected[32];
    fill(in, sizeof in);
    crux_sha256_many_with(impl, out, 3, in, sizeof in, 0, LANES_TESTED_MAX);
    expect(expected, 3, in, sizeof in);
    for (size_t i = 0; i < LANES_TESTED_MAX; i++) assert_memory_equal(out + 32 * i, expected, 32);
    /* empty messages need no input at all */
    crux_sha256_many_with(impl, out, 2, NULL, 0, 64, LANES_TESTED_MAX);
    expect(expected, 2, NULL, 0);
    for (size_t i = 0; i < LANES_TESTED_MAX; i++) assert_memory_equal(out + 32 * i, expected, 32);
}

static void stride_zero_and_empty(void **unused CRUX_UNUSED) {
    for_each(one_message_in_every_lane);
}

static void nodes(void **unused CRUX_UNUSED) {
    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    for (size_t i = 0; i < count; i++) {
        if (!impls[i].available()) continue;
        assert_int_equal(crux_sha256_select(impls[i].name), CRUX_OK);
        assert_ptr_equal(crux_sha256_selected(), &impls[i]);
        for (size_t n = 0; n <= LANES_TESTED_MAX; n++) {
            uint8_t pairs[LANES_TESTED_MAX * 64], out[LANES_TESTED_MAX * 32],
                expected[LANES_TESTED_MAX * 32];
            uint8_t joined[65] = {0x01};
            fill(pairs, sizeof pairs);
            for (size_t k = 0; k < n; k++) {
                memcpy(joined + 1, pairs + 64 * k, 64);
                crux_sha256_plain(expected + 32 * k, joined, sizeof joined);
            }
            crux_sha256_nodes(out, pairs, n);
            assert_memory_equal(out, expected, 32 * n);
            crux_sha256_nodes(pairs, pairs, n);
            assert_memory_equal(pairs, expected, 32 * n);
        }
    }
    assert_int_equal(crux_sha256_select("auto"), CRUX_OK);
}

static void incremental(void **unused CRUX_UNUSED) {
    uint8_t in[2000], expected[32], hash[32];
    for (int round = 0; round < 200; round++) {
        struct crux_sha256_ctx ctx;
        struct crux_sha256_plain_ctx plain;
        size_t len = random_u32() % sizeof in;
        fill(in, len);
        crux_sha256_plain(expected, in, len);
        crux_sha256_init(&ctx);
        crux_sha256_plain_init(&plain);
        for (size_t at = 0; at < len;) {
            size_t take = random_u32() % 150;
            if (take > len - at) take = len - at;
            crux_sha256_update(&ctx, in + at, take);
            crux_sha256_plain_update(&plain, in + at, take);
            at += take;
        }
        crux_sha256_final(&ctx, hash);
        assert_memory_equal(hash, expected, 32);
        crux_sha256_plain_final(&plain, hash);
        assert_memory_equal(hash, expected, 32);
    }
}

/* A length field beyond 32 bits; 2^29 bytes of zeros are 2^32 bits. */
static void four_gigabits(void **unused CRUX_UNUSED) {
    const struct crux_sha256_impl *impl = crux_sha256_selected();
    static uint8_t zeros[1 << 20];
    uint8_t expected[32], hash[32];
    struct crux_sha256_ctx ctx;
    if (impl->compress == crux_sha256_plain_compress) {
        print_message("skipped: 2^32 bits (too slow without SHA instructions)\n");
        return;
    }
    crux_sha256_init(&ctx);
    for (int i = 0; i < 512; i++) crux_sha256_update(&ctx, zeros, sizeof zeros);
    crux_sha256_final(&ctx, hash);
    from_hex(expected, "9acca8e8c22201155389f65abbf6bc9723edc7384ead80503839f49dcc56d767");
    assert_memory_equal(hash, expected, 32);
}

static void selection(void **unused CRUX_UNUSED) {
    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    const struct crux_sha256_impl *first = NULL;
    for (size_t i = 0; i < count; i++) {
        bool available = impls[i].available();
        if (available && !first) first = &impls[i];
        assert_int_equal(crux_sha256_select(impls[i].name),
                         available ? CRUX_OK : CRUX_E_UNSUPPORTED);
        if (available) assert_ptr_equal(crux_sha256_selected(), &impls[i]);
        for (size_t k = 0; k < i; k++) assert_string_not_equal(impls[i].name, impls[k].name);
    }
    assert_int_equal(crux_sha256_select("nonesuch"), CRUX_E_UNKNOWN_NAME);
    assert_ptr_equal(crux_sha256_selected(), &impls[count - 1]);
    assert_int_equal(crux_sha256_select(NULL), CRUX_OK);
    assert_ptr_equal(crux_sha256_selected(), first);
}

/* ---- broken implementations must be found out ---- */

static const struct crux_sha256_impl *widest;

static bool always(void) {
    return true;
}

static void compress_wrong_bit(uint32_t state[8], const uint8_t *blocks, size_t n) {
    crux_sha256_plain_compress(state, blocks, n);
    if (blocks[0] == 0x80) state[7] ^= 1;
}

static void compress_drops_last(uint32_t state[8], const uint8_t *blocks, size_t n) {
    crux_sha256_plain_compress(state, blocks, n > 15 ? n - 1 : n);
}

static void last_lane_wrong(uint8_t *out, const struct crux_sha256_lanes *group) {
    widest->hash_lanes(out, group);
    out[32 * widest->lanes - 1] ^= 1;
}

static void lanes_swapped(uint8_t *out, const struct crux_sha256_lanes *group) {
    struct crux_sha256_lanes swapped = *group;
    for (size_t r = 0; r < CRUX_SHA256_RUNS; r++) {
        swapped.run[r].p[0] = group->run[r].p[1];
        swapped.run[r].p[1] = group->run[r].p[0];
    }
    widest->hash_lanes(out, &swapped);
}

static void body_from_first_lane(uint8_t *out, const struct crux_sha256_lanes *group) {
    struct crux_sha256_lanes wrong = *group;
    wrong.run[1].p[1] = group->run[1].p[0];
    widest->hash_lanes(out, &wrong);
}

static void broken_ones_are_refused(void **unused CRUX_UNUSED) {
    struct crux_sha256_impl broken = {"broken", always, compress_wrong_bit, 1, 1, NULL, NULL};
    assert_int_equal(crux_sha256_known_answers(&broken), CRUX_E_KNOWN_ANSWER_FAILED);
    broken.compress = compress_drops_last;
    assert_int_equal(crux_sha256_known_answers(&broken), CRUX_E_KNOWN_ANSWER_FAILED);

    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    for (size_t i = 0; i < count; i++) {
        if (!impls[i].available()) continue;
        assert_int_equal(crux_sha256_known_answers(&impls[i]), CRUX_OK);
        if (impls[i].lanes == 1) continue;
        widest = &impls[i];
        static void (*const wrong[])(uint8_t *, const struct crux_sha256_lanes *) = {
            last_lane_wrong, lanes_swapped, body_from_first_lane};
        for (size_t k = 0; k < CRUX_ARRAY_LEN(wrong); k++) {
            broken = impls[i];
            broken.hash_lanes = wrong[k];
            assert_int_equal(crux_sha256_known_answers(&broken), CRUX_E_KNOWN_ANSWER_FAILED);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_use_from_many_threads),
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(lengths),
        cmocka_unit_test(many),
        cmocka_unit_test(stride_zero_and_empty),
        cmocka_unit_test(nodes),
        cmocka_unit_test(incremental),
        cmocka_unit_test(four_gigabits),
        cmocka_unit_test(selection),
        cmocka_unit_test(broken_ones_are_refused),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
