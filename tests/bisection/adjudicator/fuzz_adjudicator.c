/* What a hostile witness can do to a committed case of the toy program: nothing.
 *
 *   case u8, mode u8, then by mode % 3
 *     0  the witness itself
 *     1  edits of the honest witness: (what, at u16, with) of 4 bytes each
 *     2  edits of claim, element and honest witness: no finding is demanded, only that all is well
 *
 * In 0 and 1 claim and element stand as they are, so a finding can only be the honest witness's. */
#include <string.h>

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/witness/witness.h"
#include "tests/support/toy_program.h"
#include "tests/support/toy_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    POSITION = 4,
    CASES_MAX = 256,
    WITNESS_MAX = 8192,
    HEAD = CRUX_CLAIM_BYTES + CRUX_ELEMENT_BYTES
};

/* claim || element || witness, and what the adjudicator finds. */
struct committed_case {
    uint8_t bytes[HEAD + WITNESS_MAX];
    size_t len; /* of the witness */
    enum crux_finding finding;
};

static struct committed_case cases[CASES_MAX];
static unsigned case_count;

static void keep(const struct crux_claim *claim, const struct crux_element_id *element,
                 const uint8_t *witness, size_t len) {
    struct committed_case *c = &cases[case_count++];
    world_must(case_count < CASES_MAX && len <= WITNESS_MAX, "too many cases");
    crux_claim_encode(c->bytes, claim);
    crux_element_encode(c->bytes + CRUX_CLAIM_BYTES, element);
    memcpy(c->bytes + HEAD, witness, len);
    c->len = len;
    world_must(crux_adjudicate(&c->finding, claim, element, witness, len) == CRUX_OK,
               "a built witness is refused");
}

static void build(struct world *world, struct crux_element_id element) {
    static uint8_t witness[WITNESS_MAX];
    struct crux_writer writer;
    crux_writer_init(&writer, witness, sizeof witness);
    world_must(crux_witness_address(&element, &world->evidence) == CRUX_OK, "address");
    world_must(crux_witness_build(&writer, &world->evidence, &element) == CRUX_OK, "witness");
    keep(world->evidence.claim, &element, witness, writer.at);
}

/* A NULL leaf that is none: the head's at position 0. */
static void junk(void *ctx, uint64_t leaf, uint8_t hash[32]) {
    (void)ctx;
    if (leaf == CRUX_TOY_LAYERS - 1) hash[0] ^= 1;
}

static void increment(void *ctx, struct crux_step *step, uint32_t op) {
    (void)ctx;
    if (step->pos == POSITION && op % 3 == 0 && step->tensors[op].elements != 0)
        step->tensors[op].bytes[0] ^= 1;
}

static void build_all(const struct crux_lie *lie) {
    static const struct crux_element_id others[] = {
        {.kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .op = 2},
        {.kind = CRUX_ELEMENT_PADDING, .pos = POSITION, .layer = 1, .op = 8},
        {.kind = CRUX_ELEMENT_NULL, .layer = CRUX_TOY_LAYERS - 1},
        {.kind = CRUX_ELEMENT_CLOSE},
        {.kind = CRUX_ELEMENT_COUNT},
        {.kind = CRUX_ELEMENT_OUTPUT, .index = 2},
        {.kind = CRUX_ELEMENT_DONE, .index = 2},
        {.kind = CRUX_ELEMENT_DONE, .index = WORLD_LIMIT - 1},
    };
    struct world world;
    const struct crux_step *step;
    world_init(&world, lie, NULL);
    for (uint32_t layer = 0; layer < CRUX_TOY_LAYERS; layer++) {
        for (uint32_t op = 0; op < world.program.layers[layer].ops; op++) {
            struct crux_element_id element = {
                .kind = CRUX_ELEMENT_VALUE, .pos = POSITION, .layer = layer, .op = op};
            world_must(crux_archive_step(world.archive, POSITION, layer, &step) == CRUX_OK, "step");
            if (step->tensors[op].elements != 0) build(&world, element);
        }
    }
    for (size_t i = 0; i < CRUX_ARRAY_LEN(others); i++) build(&world, others[i]);
    world_free(&world);
}

static void prepare(void) {
    const struct crux_lie lie = {.trace_leaf = junk, .computed = increment};
    bool seen[3] = {false};
    if (case_count != 0) return;
    build_all(NULL);
    build_all(&lie);
    for (unsigned i = 0; i < case_count; i++) seen[cases[i].finding] = true;
    world_must(seen[CRUX_CONSISTENT] && seen[CRUX_INCONSISTENT], "one finding only");
}

/* Returns: the length after the edits. */
static size_t edit(uint8_t *bytes, size_t len, size_t cap, const uint8_t *edits, size_t count) {
    for (; count >= 4; edits += 4, count -= 4) {
        size_t at = crux_load_u16(edits + 1) % (len + 1), left = len - at;
        uint8_t with = edits[3];
        switch (edits[0] % 6) {
        case 0: /* a bit or a byte */
            if (left > 0) bytes[at] ^= with;
            break;
        case 1: /* cut short */ len = at; break;
        case 2: /* insert */
            if (len == cap) break;
            memmove(bytes + at + 1, bytes + at, left);
            bytes[at] = with;
            len++;
            break;
        case 3: /* remove some */
            if (with > left) with = (uint8_t)left;
            memmove(bytes + at, bytes + at + with, left - with);
            len -= with;
            break;
        case 4: /* repeat some: sibling and page sizes too */
            if (with > left || len + with > cap) break;
            memmove(bytes + at + with, bytes + at, left);
            len += with;
            break;
        case 5: /* from another case */
            for (size_t i = 0; i < 32 && i < left; i++)
                bytes[at + i] = cases[with % case_count].bytes[HEAD + (at + i) % WITNESS_MAX];
            break;
        }
    }
    return len;
}

static enum crux_status adjudicate(enum crux_finding *finding, const uint8_t *head,
                                   const uint8_t *witness, size_t len) {
    struct crux_claim claim;
    struct crux_element_id element;
    *finding = CRUX_FINDING_NONE;
    enum crux_status status = crux_claim_decode(&claim, head, CRUX_CLAIM_BYTES);
    if (status == CRUX_OK)
        status = crux_element_decode(&element, head + CRUX_CLAIM_BYTES, CRUX_ELEMENT_BYTES);
    return status == CRUX_OK ? crux_adjudicate(finding, &claim, &element, witness, len) : status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t bytes[HEAD + 4 * WITNESS_MAX];
    enum crux_finding finding;
    enum crux_status status;
    if (size < 2) return 0;
    prepare();
    const struct committed_case *c = &cases[data[0] % case_count];
    memcpy(bytes, c->bytes, HEAD + c->len);
    if (data[1] % 3 == 0) {
        status = adjudicate(&finding, c->bytes, data + 2, size - 2);
    } else if (data[1] % 3 == 1) {
        size_t len = edit(bytes + HEAD, c->len, sizeof bytes - HEAD, data + 2, size - 2);
        status = adjudicate(&finding, c->bytes, bytes + HEAD, len);
    } else {
        size_t len = edit(bytes, HEAD + c->len, sizeof bytes, data + 2, size - 2);
        status = adjudicate(&finding, bytes, bytes + HEAD, len < HEAD ? 0 : len - HEAD);
        CRUX_ASSERT((status == CRUX_OK) == (finding != CRUX_FINDING_NONE));
        return 0;
    }
    CRUX_ASSERT(status == CRUX_OK ? finding == c->finding : finding == CRUX_FINDING_NONE);
    return 0;
}
