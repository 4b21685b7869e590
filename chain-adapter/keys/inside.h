/* Shared by the files of key files. */
#ifndef CRUX_CHAIN_ADAPTER_KEYS_INSIDE_H
#define CRUX_CHAIN_ADAPTER_KEYS_INSIDE_H

#include "chain-adapter/keys/keys.h"

enum keystore_kdf { KEYSTORE_SCRYPT = 1, KEYSTORE_PBKDF2 = 2 };

enum {
    KEYSTORE_SALT_BYTES_MAX = 64,
    KEYSTORE_SALT_BYTES = 32, /* of the files written here */
    KEYSTORE_N_MAX = 1 << 20,
    KEYSTORE_RP_MAX = 64,
    KEYSTORE_ROUNDS_MAX = 1 << 24
};
#define KEYSTORE_SCRYPT_BYTES_MAX (UINT64_C(1) << 30)

/* What a key file says, its limits checked. */
struct keystore {
    enum keystore_kdf kdf;
    struct crux_keystore_cost cost; /* scrypt */
    uint32_t rounds;                /* PBKDF2 */
    uint8_t salt[KEYSTORE_SALT_BYTES_MAX];
    size_t salt_bytes;
    uint8_t iv[16], ciphertext[CRUX_KEY_BYTES], mac[32];
    bool names_account;
    struct crux_account account;
};

CRUX_PRINTF(3, 4)
enum crux_status keystore_fail(char *message, enum crux_status status, const char *format, ...);

/* ---- keystore_json.c ---- */
CRUX_MUST_CHECK
enum crux_status keystore_parse(struct keystore *store, const char *json, size_t len,
                                char *message);
/* Out: text, malloced, a zero at its end.  In: id, 16 random bytes. */
CRUX_MUST_CHECK
enum crux_status keystore_text(char **text, const struct keystore *store, const uint8_t id[16],
                               char *message);

/* ---- keystore_seal.c ---- */
/* Returns: is this cost one that is allowed? */
bool keystore_cost_allowed(const struct crux_keystore_cost *cost);
/* Fills in ciphertext and mac.  In: store, with kdf, cost, salt and iv. */
CRUX_MUST_CHECK
enum crux_status keystore_seal(struct keystore *store, const struct crux_key *key,
                               const uint8_t *passphrase, size_t passphrase_bytes, char *message);
CRUX_MUST_CHECK
enum crux_status keystore_unseal(struct crux_key *key, const struct keystore *store,
                                 const uint8_t *passphrase, size_t passphrase_bytes, char *message);

#endif
