/* Keys against published answers, and signatures against whatever is not one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "tests/support/hex.h"
#include "tests/support/random.h"

/* FIPS 202's permutation under the original padding: answers of the Keccak team and of Ethereum. */
static void keccak(void **state) {
    static const struct {
        const char *text, *hash;
    } known[] = {
        {"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"},
        {"The quick brown fox jumps over the lazy dog",
         "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15"},
    };
    uint8_t found[32], want[32];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(known); i++) {
        hex_read(want, known[i].hash, 32);
        crux_keccak256(found, (const uint8_t *)known[i].text, strlen(known[i].text));
        assert_memory_equal(found, want, 32);
    }
}

static struct crux_key key_of(const char *secret) {
    uint8_t bytes[32];
    struct crux_key key;
    hex_read(bytes, secret, 32);
    assert_int_equal(crux_key_read(&key, bytes), CRUX_OK);
    return key;
}

static void accounts(void **state) {
    static const struct {
        const char *secret, *account;
    } known[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "7e5f4552091a69125d5dfcb7b8c2659029395bdf"},
        {"0000000000000000000000000000000000000000000000000000000000000002",
         "2b5ad5c4795c026514f8317c7a215e218dccd6cf"},
        /* go-ethereum's own tests */
        {"289c2857d4598e37fb9647507e47a309d6133539bf21a8b9cb6df88fd5232032",
         "970e8128ab834e8eac17ab8e3812f010678cf791"},
    };
    static const char *const none[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", /* the order */
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    uint8_t bytes[32];
    struct crux_key key;
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(known); i++) {
        key = key_of(known[i].secret);
        hex_read(bytes, known[i].account, 20);
        assert_memory_equal(key.account.b, bytes, 20);
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(none); i++) {
        hex_read(bytes, none[i], 32);
        assert_int_equal(crux_key_read(&key, bytes), CRUX_E_KEY_INVALID);
    }
}

/* Deterministic signatures over secp256k1 and SHA-256, as wallets of Bitcoin have tested them since 2013. */
static void signatures(void **state) {
    static const struct {
        const char *secret, *text, *signature;
    } known[] = {
        {"0000000000000000000000000000000000000000000000000000000000000001", "Satoshi Nakamoto",
         "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
         "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
        {"0000000000000000000000000000000000000000000000000000000000000001",
         "All those moments will be lost in time, like tears in rain. Time to die...",
         "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
         "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21"},
        {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", "Satoshi Nakamoto",
         "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
         "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5"},
    };
    uint8_t digest[32], want[64], found[64];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(known); i++) {
        struct crux_key key = key_of(known[i].secret);
        crux_sha256(digest, (const uint8_t *)known[i].text, strlen(known[i].text));
        hex_read(want, known[i].signature, 64);
        assert_int_equal(crux_key_sign(found, &key, digest), CRUX_OK);
        assert_memory_equal(found, want, 64);
        assert_true(crux_keys_verify(NULL, &key.account, digest, found));
    }
}

/* s -> n - s: valid for the curve, and refused here. */
static void raise_s(uint8_t signature[64]) {
    uint8_t order[32];
    unsigned borrow = 0;
    hex_read(order, "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 32);
    for (unsigned i = 32; i-- > 0;) {
        unsigned difference = 256U + order[i] - signature[32 + i] - borrow;
        signature[32 + i] = (uint8_t)difference;
        borrow = difference < 256;
    }
}

/* Random keys: each signature is its account's, for its digest, and for nothing that differs in one bit. */
static void only_this_one(void **state) {
    struct crux_random random = {.state = 7};
    (void)state;
    for (unsigned turn = 0; turn < 20; turn++) {
        struct crux_key key, other;
        uint8_t digest[32], signature[64];
        assert_int_equal(crux_key_make(&key), CRUX_OK);
        assert_int_equal(crux_key_make(&other), CRUX_OK);
        for (unsigned i = 0; i < 32; i++) digest[i] = (uint8_t)crux_random_below(&random, 256);
        assert_int_equal(crux_key_sign(signature, &key, digest), CRUX_OK);
        assert_true(crux_keys_verify(NULL, &key.account, digest, signature));
        assert_false(crux_keys_verify(NULL, &other.account, digest, signature));
        for (unsigned i = 0; i < 24; i++) {
            uint8_t bit = (uint8_t)(1U << crux_random_below(&random, 8));
            unsigned at = (unsigned)crux_random_below(&random, 64);
            signature[at] ^= bit;
            assert_false(crux_keys_verify(NULL, &key.account, digest, signature));
            signature[at] ^= bit;
            digest[at % 32] ^= bit;
            assert_false(crux_keys_verify(NULL, &key.account, digest, signature));
            digest[at % 32] ^= bit;
        }
        raise_s(signature);
        assert_false(crux_keys_verify(NULL, &key.account, digest, signature));
        raise_s(signature);
        assert_true(crux_keys_verify(NULL, &key.account, digest, signature));
        crux_key_wipe(&key);
        for (unsigned i = 0; i < sizeof key.secret; i++) assert_int_equal(key.secret[i], 0);
    }
}

/* r or s of 0, or not below the order: no signature of anybody. */
static void no_signatures(void **state) {
    struct crux_key key =
        key_of("0000000000000000000000000000000000000000000000000000000000000001");
    uint8_t digest[32] = {1}, good[64], bad[64];
    (void)state;
    assert_int_equal(crux_key_sign(good, &key, digest), CRUX_OK);
    for (unsigned half = 0; half < 2; half++) {
        memcpy(bad, good, 64);
        memset(bad + (size_t)32 * half, 0, 32);
        assert_false(crux_keys_verify(NULL, &key.account, digest, bad));
        memset(bad + (size_t)32 * half, 0xff, 32);
        assert_false(crux_keys_verify(NULL, &key.account, digest, bad));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak),        cmocka_unit_test(accounts),
        cmocka_unit_test(signatures),    cmocka_unit_test(only_this_one),
        cmocka_unit_test(no_signatures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
