#include "bisection/game/memory.h"

/* Records begin at multiples of 8 bytes, each after its own head; slots hold the head's offset in units of 8. */
struct head {
    uint64_t used; /* bytes, of everything */
    uint64_t size; /* bytes there are */
    uint32_t slots, records;
    uint64_t key[2]; /* of the hash */
};
struct record_head {
    uint32_t table, bytes; /* of the record */
};

_Static_assert(sizeof(struct head) % 8 == 0 && sizeof(struct record_head) == 8, "aligned records");

static uint32_t *slots_of(uint8_t *memory) {
    return (uint32_t *)(void *)(memory + sizeof(struct head));
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
    v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
    v[0] = v[0] << 32 | v[0] >> 32;
    v[2] += v[1];
    v[0] += v[3];
    v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
    v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
    v[2] = v[2] << 32 | v[2] >> 32;
}

static void sip_word(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-2-4 of the table (8 bytes) and the key: who does not know the store's own key finds no records that collide. */
static uint64_t hash(const struct head *head, enum crux_game_table table, const uint8_t *key,
                     size_t len) {
    const uint64_t k0 = head->key[0], k1 = head->key[1];
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
                     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)(len + 8) << 56;
    sip_word(v, (uint64_t)table);
    for (; len >= 8; key += 8, len -= 8) sip_word(v, crux_load_u64(key));
    for (size_t i = 0; i < len; i++) last |= (uint64_t)key[i] << 8 * i;
    sip_word(v, last);
    v[2] ^= 0xff;
    for (unsigned i = 0; i < 4; i++) sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Returns: the slot of the record, or the empty one where it would be; NULL if there is neither. */
static uint32_t *find(uint8_t *memory, enum crux_game_table table, const void *key) {
    const struct head *head = (const void *)memory;
    uint32_t *slots = slots_of(memory), mask = head->slots - 1;
    size_t len = crux_game_key_bytes(table);
    uint32_t at = (uint32_t)hash(head, table, key, len) & mask;
    for (uint32_t i = 0; i < head->slots; i++, at = (at + 1) & mask) {
        if (slots[at] == 0) return &slots[at];
        const uint8_t *record = memory + (size_t)slots[at] * 8;
        const struct record_head *record_head = (const void *)record;
        if (record_head->table == (uint32_t)table &&
            crux_equal(record + sizeof *record_head, key, len))
            return &slots[at];
    }
    return NULL;
}

static enum crux_status get(void *ctx, enum crux_game_table table, const void *key, void *record) {
    uint8_t *memory = ctx;
    const uint32_t *slot = find(memory, table, key);
    if (slot == NULL || *slot == 0) return CRUX_E_NOT_FOUND;
    crux_copy(record, memory + (size_t)*slot * 8 + sizeof(struct record_head),
              crux_game_record_bytes(table));
    return CRUX_OK;
}

static enum crux_status put(void *ctx, enum crux_game_table table, const void *record) {
    uint8_t *memory = ctx;
    struct head *head = (void *)memory;
    uint32_t *slot = find(memory, table, record); /* a record begins with its key */
    size_t bytes = crux_game_record_bytes(table), room = (bytes + 7) / 8 * 8;
    if (slot == NULL) return CRUX_E_OUT_OF_MEMORY;
    if (*slot == 0) {
        size_t needed = sizeof(struct record_head) + room;
        if (head->size - head->used < needed || head->used / 8 > UINT32_MAX ||
            head->records + 1 >= head->slots)
            return CRUX_E_OUT_OF_MEMORY;
        struct record_head *record_head = (void *)(memory + head->used);
        record_head->table = (uint32_t)table;
        record_head->bytes = (uint32_t)room;
        *slot = (uint32_t)(head->used / 8);
        head->used += needed;
        head->records++;
    }
    crux_copy(memory + (size_t)*slot * 8 + sizeof(struct record_head), record, bytes);
    return CRUX_OK;
}

void crux_game_memory_open(struct crux_game_store *store, void *memory) {
    *store = (struct crux_game_store){memory, get, put};
}

enum crux_status crux_game_memory_init(struct crux_game_store *store, void *memory, size_t bytes,
                                       uint32_t slots) {
    struct head *head = memory;
    if (slots < 2 || (slots & (slots - 1)) != 0) return CRUX_E_USAGE;
    size_t used = sizeof *head + (size_t)slots * sizeof(uint32_t);
    if (bytes < used) return CRUX_E_OUT_OF_MEMORY;
    crux_zero(memory, used);
    *head = (struct head){.used = used, .size = bytes, .slots = slots};
    crux_game_memory_open(store, memory);
    return CRUX_OK;
}

void crux_game_memory_key(void *memory, const uint8_t key[16]) {
    struct head *head = memory;
    CRUX_ASSERT(head->records == 0);
    head->key[0] = crux_load_u64(key);
    head->key[1] = crux_load_u64(key + 8);
}

size_t crux_game_memory_used(const void *memory) {
    return ((const struct head *)memory)->used;
}

void crux_game_memory_walk(const void *memory,
                           bool (*visit)(void *ctx, enum crux_game_table table, const void *record),
                           void *ctx) {
    const struct head *head = memory;
    size_t at = sizeof *head + (size_t)head->slots * sizeof(uint32_t);
    while (at < head->used) {
        const struct record_head *record = (const void *)((const uint8_t *)memory + at);
        if (!visit(ctx, (enum crux_game_table)record->table, record + 1)) return;
        at += sizeof *record + record->bytes;
    }
}
