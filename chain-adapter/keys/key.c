#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <string.h>
#include <sys/random.h>

#include "chain-adapter/keys/keys.h"

/* (n-1)/2, n the order of the group: the largest low s. */
static const uint8_t half_order[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

/* Blinded against those who listen to the machine; NULL if the system gives no random bytes. */
static secp256k1_context *begin(void) {
    uint8_t seed[32];
    secp256k1_context *context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    bool blinded = context != NULL && getrandom(seed, sizeof seed, 0) == (ssize_t)sizeof seed &&
                   secp256k1_context_randomize(context, seed) == 1;
    explicit_bzero(seed, sizeof seed);
    if (blinded) return context;
    if (context != NULL) secp256k1_context_destroy(context);
    return NULL;
}

/* spec/85-receipts.md#keys: "Its account is the last 20 bytes of Keccak-256 (the original padding, 0x01) of its public
 * point, x (32) || y (32), big-endian" */
static void find_account(struct crux_account *account, const secp256k1_pubkey *point) {
    uint8_t bytes[65], hash[32];
    size_t len = sizeof bytes;
    int done = secp256k1_ec_pubkey_serialize(secp256k1_context_static, bytes, &len, point,
                                             SECP256K1_EC_UNCOMPRESSED);
    CRUX_ASSERT(done == 1 && len == sizeof bytes);
    crux_keccak256(hash, bytes + 1, 64);
    memcpy(account->b, hash + 12, sizeof account->b);
}

enum crux_status crux_key_read(struct crux_key *key, const uint8_t secret[CRUX_KEY_BYTES]) {
    secp256k1_pubkey point;
    memset(key, 0, sizeof *key);
    secp256k1_context *context = begin();
    if (context == NULL) return CRUX_E_IO;
    bool is_key = secp256k1_ec_pubkey_create(context, &point, secret) == 1;
    secp256k1_context_destroy(context);
    if (!is_key) return CRUX_E_KEY_INVALID;
    memcpy(key->secret, secret, CRUX_KEY_BYTES);
    find_account(&key->account, &point);
    return CRUX_OK;
}

enum crux_status crux_key_make(struct crux_key *key) {
    enum { TRIES = 8 }; /* each fails with a chance below 2^-127 */
    uint8_t secret[CRUX_KEY_BYTES];
    enum crux_status status = CRUX_E_KEY_INVALID;
    for (unsigned i = 0; i < TRIES && status == CRUX_E_KEY_INVALID; i++) {
        bool drawn = getrandom(secret, sizeof secret, 0) == (ssize_t)sizeof secret;
        status = drawn ? crux_key_read(key, secret) : CRUX_E_IO;
    }
    explicit_bzero(secret, sizeof secret);
    return status;
}

void crux_key_wipe(struct crux_key *key) {
    explicit_bzero(key, sizeof *key);
}

enum crux_status crux_key_sign(uint8_t signature[CRUX_SIGNATURE_BYTES], const struct crux_key *key,
                               const uint8_t digest[32]) {
    secp256k1_ecdsa_signature made;
    secp256k1_context *context = begin();
    if (context == NULL) return CRUX_E_IO;
    /* its nonces are those of RFC 6979, and s is low */
    bool signed_it = secp256k1_ecdsa_sign(context, &made, digest, key->secret,
                                          secp256k1_nonce_function_rfc6979, NULL) == 1 &&
                     secp256k1_ecdsa_signature_serialize_compact(context, signature, &made) == 1;
    secp256k1_context_destroy(context);
    return signed_it ? CRUX_OK : CRUX_E_KEY_INVALID;
}

/* spec/85-receipts.md#keys: "It is an account's signature iff one of the points that it can be recovered to, of either
 * parity and with r or r + n as x, has that account." */
bool crux_keys_verify(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                      const uint8_t signature[CRUX_SIGNATURE_BYTES]) {
    (void)ctx;
    if (memcmp(signature + 32, half_order, 32) > 0) return false;
    for (int which = 0; which < 4; which++) {
        secp256k1_ecdsa_recoverable_signature parsed;
        secp256k1_pubkey point;
        struct crux_account found;
        if (secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &parsed,
                                                                signature, which) != 1 ||
            secp256k1_ecdsa_recover(secp256k1_context_static, &point, &parsed, digest) != 1)
            continue;
        find_account(&found, &point);
        if (memcmp(found.b, account->b, sizeof found.b) == 0) return true;
    }
    return false;
}
