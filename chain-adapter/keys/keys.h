/* Keys of secp256k1, the accounts that they are, their signatures, and the files that keep them.
 *
 *   secret --> key --> account = last 20 bytes of Keccak-256(public point)        as on chains of the Ethereum family
 *   key, digest --> signature, 64 bytes, s low --> is it this account's?
 *   key, passphrase --> key file (Web3 Secret Storage version 3) --> key
 *                                                                                  spec/85-receipts.md#keys */
#ifndef CRUX_CHAIN_ADAPTER_KEYS_KEYS_H
#define CRUX_CHAIN_ADAPTER_KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bisection/bisection.h"
#include "kernels/kernels.h"

enum {
    CRUX_KEY_BYTES = 32,
    CRUX_KEYSTORE_MESSAGE_BYTES = 512,
    CRUX_KEYSTORE_BYTES_MAX = 65536,
    CRUX_PASSPHRASE_BYTES_MAX = 1024
};

/* The original padding, 0x01: not SHA3-256. Written here because libcrypto of Debian 12 lacks it. For public bytes. */
void crux_keccak256(uint8_t out[32], const uint8_t *in, size_t len);

/* ---- keys ---- */

/* Secret: whoever has one wipes it. */
struct crux_key {
    uint8_t secret[CRUX_KEY_BYTES];
    struct crux_account account;
};

/* Returns: CRUX_E_KEY_INVALID if secret is 0 or not below the order of the group. */
CRUX_MUST_CHECK
enum crux_status crux_key_read(struct crux_key *key, const uint8_t secret[CRUX_KEY_BYTES]);
/* Returns: CRUX_E_IO if the system gives no random bytes. */
CRUX_MUST_CHECK
enum crux_status crux_key_make(struct crux_key *key);
void crux_key_wipe(struct crux_key *key);

/* Out: signature, r || s, s low; the same for the same digest (RFC 6979). In constant time. */
CRUX_MUST_CHECK
enum crux_status crux_key_sign(uint8_t signature[CRUX_SIGNATURE_BYTES], const struct crux_key *key,
                               const uint8_t digest[32]);

/* Did this account's key sign this digest? False for a high s. Fits struct crux_chain_local_verifier and crux_game. 
 * In: ctx, not used. */
bool crux_keys_verify(void *ctx, const struct crux_account *account, const uint8_t digest[32],
                      const uint8_t signature[CRUX_SIGNATURE_BYTES]);

/* ---- key files ---- */

/* How hard a passphrase is to guess: scrypt's n, r and p. */
struct crux_keystore_cost {
    uint32_t n, r, p;
};
/* 256 MB and about a second. */
extern const struct crux_keystore_cost crux_keystore_standard;

/* Writes a new key file, mode 0600; one that is there is left alone.
 * Out: message, on failure.  In: cost, within the limits of spec/85-receipts.md.
 * Returns: CRUX_E_IO, CRUX_E_USAGE for another cost or a passphrase that is too long. */
CRUX_MUST_CHECK
enum crux_status crux_keystore_write(const char *path, const struct crux_key *key,
                                     const uint8_t *passphrase, size_t passphrase_bytes,
                                     const struct crux_keystore_cost *cost,
                                     char message[CRUX_KEYSTORE_MESSAGE_BYTES]);

/* Out: key; message, on failure; open_to_others, may be NULL: others than the owner may read the file.
 * Returns: CRUX_E_IO, CRUX_E_KEYSTORE_INVALID, CRUX_E_PASSPHRASE_WRONG, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_keystore_read(struct crux_key *key, const char *path,
                                    const uint8_t *passphrase, size_t passphrase_bytes,
                                    bool *open_to_others,
                                    char message[CRUX_KEYSTORE_MESSAGE_BYTES]);

/* Out: account, that the file names, unproven: without a passphrase.
 * Returns: CRUX_E_IO, CRUX_E_KEYSTORE_INVALID (also where it names none). */
CRUX_MUST_CHECK
enum crux_status crux_keystore_account(struct crux_account *account, const char *path,
                                       char message[CRUX_KEYSTORE_MESSAGE_BYTES]);

/* The same from bytes: what the functions above do after reading. For tests and fuzzing. */
CRUX_MUST_CHECK
enum crux_status crux_keystore_decode(struct crux_key *key, const char *json, size_t len,
                                      const uint8_t *passphrase, size_t passphrase_bytes,
                                      char message[CRUX_KEYSTORE_MESSAGE_BYTES]);

#endif
