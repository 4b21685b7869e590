/* Passphrase -> derived key -> cipher and MAC, by libcrypto. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "chain-adapter/keys/inside.h"

enum { DERIVED_BYTES = 32 }; /* 16 for the cipher, 16 for the MAC */

const struct crux_keystore_cost crux_keystore_standard = {1U << 18, 8, 1};

/* spec/85-receipts.md#keys: "scrypt n a power of two, 2 to 2^20 and below 2^(16 r), with 128 * n * r at most 2^30 bytes and r * p at most
 * 64" */
bool keystore_cost_allowed(const struct crux_keystore_cost *cost) {
    if (cost->n < 2 || cost->n > KEYSTORE_N_MAX || (cost->n & (cost->n - 1)) != 0) return false;
    if (cost->r < 1 || cost->p < 1 || cost->r > KEYSTORE_RP_MAX || cost->p > KEYSTORE_RP_MAX)
        return false;
    if (cost->r == 1 && cost->n >= 1U << 16) return false;
    return cost->r * cost->p <= KEYSTORE_RP_MAX &&
           UINT64_C(128) * cost->n * cost->r <= KEYSTORE_SCRYPT_BYTES_MAX;
}

static enum crux_status derive(uint8_t derived[DERIVED_BYTES], const struct keystore *store,
                               const uint8_t *passphrase, size_t len, char *message) {
    /* what scrypt takes beside its table is less than this */
    const uint64_t memory = KEYSTORE_SCRYPT_BYTES_MAX + (UINT64_C(1) << 20);
    int done = 0;
    if (len > CRUX_PASSPHRASE_BYTES_MAX)
        return keystore_fail(message, CRUX_E_USAGE, "the passphrase is longer than %d bytes",
                             CRUX_PASSPHRASE_BYTES_MAX);
    switch (store->kdf) {
    case KEYSTORE_SCRYPT:
        done = EVP_PBE_scrypt((const char *)passphrase, len, store->salt, store->salt_bytes,
                              store->cost.n, store->cost.r, store->cost.p, memory, derived,
                              DERIVED_BYTES);
        break;
    case KEYSTORE_PBKDF2:
        done = PKCS5_PBKDF2_HMAC((const char *)passphrase, (int)len, store->salt,
                                 (int)store->salt_bytes, (int)store->rounds, EVP_sha256(),
                                 DERIVED_BYTES, derived);
        break;
    }
    return done == 1 ? CRUX_OK
                     : keystore_fail(message, CRUX_E_OUT_OF_MEMORY,
                                     "no memory to derive a key from the passphrase");
}

/* AES-128-CTR: the same in both directions. */
static bool apply_cipher(uint8_t out[CRUX_KEY_BYTES], const uint8_t in[CRUX_KEY_BYTES],
                         const uint8_t cipher_key[16], const uint8_t iv[16]) {
    int len = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    bool done = cipher != NULL &&
                EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, cipher_key, iv) == 1 &&
                EVP_EncryptUpdate(cipher, out, &len, in, CRUX_KEY_BYTES) == 1 &&
                len == CRUX_KEY_BYTES;
    EVP_CIPHER_CTX_free(cipher); /* wipes what it held */
    return done;
}

/* Keccak-256(second half of the derived key || ciphertext). */
static void find_mac(uint8_t mac[32], const uint8_t derived[DERIVED_BYTES],
                     const uint8_t ciphertext[CRUX_KEY_BYTES]) {
    uint8_t bytes[16 + CRUX_KEY_BYTES];
    memcpy(bytes, derived + 16, 16);
    memcpy(bytes + 16, ciphertext, CRUX_KEY_BYTES);
    crux_keccak256(mac, bytes, sizeof bytes);
    OPENSSL_cleanse(bytes, sizeof bytes);
}

enum crux_status keystore_seal(struct keystore *store, const struct crux_key *key,
                               const uint8_t *passphrase, size_t passphrase_bytes, char *message) {
    uint8_t derived[DERIVED_BYTES];
    enum crux_status status = derive(derived, store, passphrase, passphrase_bytes, message);
    if (status == CRUX_OK && !apply_cipher(store->ciphertext, key->secret, derived, store->iv))
        status = keystore_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory to encrypt the key");
    if (status == CRUX_OK) find_mac(store->mac, derived, store->ciphertext);
    OPENSSL_cleanse(derived, sizeof derived);
    return status;
}

enum crux_status keystore_unseal(struct crux_key *key, const struct keystore *store,
                                 const uint8_t *passphrase, size_t passphrase_bytes,
                                 char *message) {
    uint8_t derived[DERIVED_BYTES], secret[CRUX_KEY_BYTES] = {0}, mac[32];
    enum crux_status status = derive(derived, store, passphrase, passphrase_bytes, message);
    if (status != CRUX_OK) goto out;
    find_mac(mac, derived, store->ciphertext);
    if (CRYPTO_memcmp(mac, store->mac, sizeof mac) != 0) {
        status = keystore_fail(message, CRUX_E_PASSPHRASE_WRONG,
                               "the passphrase is not that of the key file");
        goto out;
    }
    if (!apply_cipher(secret, store->ciphertext, derived, store->iv)) {
        status = keystore_fail(message, CRUX_E_OUT_OF_MEMORY, "no memory to decrypt the key");
        goto out;
    }
    status = crux_key_read(key, secret);
    if (status != CRUX_OK) {
        status = keystore_fail(message, CRUX_E_KEYSTORE_INVALID, "the key file: %s",
                               crux_status_text(status));
    } else if (store->names_account && memcmp(key->account.b, store->account.b, 20) != 0) {
        crux_key_wipe(key);
        status = keystore_fail(message, CRUX_E_KEYSTORE_INVALID,
                               "the key file: its address is not that of its key");
    }
out:
    OPENSSL_cleanse(derived, sizeof derived);
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}
