#include "kernels/certificate/known_ops.h"

#include <stdlib.h>
#include <string.h>

enum { KNOWN_MAX = 1 << 14, KEY_BYTES = CRUX_DESCRIPTOR_BYTES + 8 };

struct entry {
    uint8_t key[KEY_BYTES]; /* all zero: free, as no op has code 0 */
    struct crux_op_proven proven;
};

struct crux_known_ops {
    uint32_t slots; /* a power of two, at least twice `most` */
    uint32_t most, count;
    struct entry entry[];
};

struct crux_known_ops *crux_known_ops_new(uint32_t op_count) {
    uint32_t most = op_count < KNOWN_MAX ? op_count : KNOWN_MAX, slots = 2;
    struct crux_known_ops *known;
    while (slots < 2 * most) slots *= 2;
    known = calloc(1, sizeof *known + slots * sizeof known->entry[0]);
    if (known == NULL) return NULL;
    known->slots = slots;
    known->most = most;
    return known;
}

void crux_known_ops_free(struct crux_known_ops *known) {
    free(known);
}

static bool make_key(uint8_t key[KEY_BYTES], const struct crux_proof *proof) {
    struct crux_op op = *proof->op;
    size_t used;
    for (unsigned slot = 0; slot < op.nin; slot++) {
        struct crux_operand *operand = &op.in[slot];
        if (operand->kind == CRUX_KIND_MODEL) {
            operand->tensor = 0;
            memset(operand->root, 0, sizeof operand->root);
        }
        if (operand->kind == CRUX_KIND_RECORD || operand->kind == CRUX_KIND_TOKEN)
            operand->layer = 0;
    }
    memset(key, 0, KEY_BYTES);
    if (crux_descriptor_encode(key, &used, &op) != CRUX_OK) return false;
    for (unsigned i = 0; i < 4; i++)
        key[CRUX_DESCRIPTOR_BYTES + i] = (uint8_t)(proof->tensors >> (8 * i));
    key[CRUX_DESCRIPTOR_BYTES + 4] = proof->from_last;
    return true;
}

/* The entry with this key, or the free one where it would be. */
static struct entry *place(struct crux_known_ops *known, const uint8_t key[KEY_BYTES]) {
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    uint32_t at;
    for (unsigned i = 0; i < KEY_BYTES; i++) hash = (hash ^ key[i]) * UINT64_C(1099511628211);
    at = (uint32_t)(hash ^ hash >> 32) & (known->slots - 1);
    while (known->entry[at].key[0] != 0 && memcmp(known->entry[at].key, key, KEY_BYTES) != 0) {
        at = (at + 1) & (known->slots - 1); /* ends: at most half of the entries are taken */
    }
    return &known->entry[at];
}

bool crux_known_ops_find(struct crux_op_proven *out, const struct crux_known_ops *known,
                         const struct crux_proof *proof) {
    uint8_t key[KEY_BYTES];
    const struct entry *entry;
    if (known == NULL || !make_key(key, proof)) return false;
    entry = place((struct crux_known_ops *)known, key);
    if (entry->key[0] == 0) return false;
    *out = entry->proven;
    return true;
}

void crux_known_ops_add(struct crux_known_ops *known, const struct crux_proof *proof,
                        const struct crux_op_proven *proven) {
    uint8_t key[KEY_BYTES];
    struct entry *entry;
    if (known == NULL || known->count == known->most || !make_key(key, proof)) return;
    entry = place(known, key);
    if (entry->key[0] != 0) return;
    memcpy(entry->key, key, KEY_BYTES);
    entry->proven = *proven;
    known->count++;
}
