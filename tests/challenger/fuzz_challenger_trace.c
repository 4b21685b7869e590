/* An executor that serves leaves, records, nodes, pages and paths of its trace as it likes: no audit of a true claim calls
 * it false, none of the layer of a lie calls it true, and a dispute is opened at a leaf only if its path is the claim's.
 *
 *   byte 0    bit 0: the claim with the lie; bits 1 to 3: layers to audit; bit 4: open a dispute too
 *   then, for each answer, a byte: 0 as it is; 1 a bit flipped (2 bytes say where); 2 cut (1); 3 lengthened (1); 4 other
 *   bytes (length, bytes); 5 refused; other: as it is. When they run out, all answers are as they are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/challenger/double_executor.h"
#include "tests/support/small_file.h"
#include "tests/support/temporary_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TRUE_CLAIM, FALSE_CLAIM, LIE_LAYER = 1, LAYERS = 3, ROOM = 1 << 18 };

static struct {
    struct double_executor executor;
    struct crux_engine *engine;
    uint8_t *answer;
    bool is_made;
} world;

static void make_world(void) {
    const struct crux_engine_options options = {.threads = 1, .rows = 8};
    char folder[256], model[300];
    if (world.is_made) return;
    temporary_folder_make(folder);
    (void)snprintf(model, sizeof model, "%s/a.crux", folder);
    small_file_make(model, folder, 1);
    double_open(&world.executor, model, model, "someone");
    temporary_folder_remove(folder);
    /* the same request: what differs is the lie alone */
    CRUX_ASSERT(double_run(&world.executor, 7, DOUBLE_HONEST) == TRUE_CLAIM);
    CRUX_ASSERT(double_run(&world.executor, 7, DOUBLE_LAYER) == FALSE_CLAIM);
    CRUX_ASSERT(world.executor.loaded.file.program.header.layers == LAYERS);
    CRUX_ASSERT(crux_engine_open(&world.engine, world.executor.loaded.model, &options) == CRUX_OK);
    world.answer = malloc(ROOM);
    CRUX_ASSERT(world.answer != NULL);
    world.is_made = true;
}

/* ---- answers ---- */

struct liar {
    struct crux_cursor in;
    const struct double_claim *claim;
    bool is_true; /* nothing is left to say how it lies */
    struct crux_evidence evidence;
    struct crux_provider provider;
};

static uint8_t next(struct liar *liar) {
    return crux_cursor_left(&liar->in) > 0 ? crux_get_u8(&liar->in) : 0;
}

/* What becomes of a true answer of `len` bytes in world.answer.  Returns: its bytes; ROOM + 1: none. */
static size_t change(struct liar *liar, size_t len) {
    uint8_t what = next(liar);
    size_t at = 0;
    switch (what) {
    case 1:
        at = next(liar);
        at = at << 8 | next(liar);
        if (len > 0) world.answer[at / 8 % len] ^= (uint8_t)(1 << at % 8);
        return len;
    case 2: at = next(liar); return at < len ? len - at : 0;
    case 3:
        at = next(liar);
        if (len + at > ROOM) return len;
        memset(world.answer + len, 0xA5, at);
        return len + at;
    case 4:
        len = next(liar);
        for (size_t i = 0; i < len; i++) world.answer[i] = next(liar);
        return len;
    case 5: return ROOM + 1;
    default: return len;
    }
}

static enum crux_status give_leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                                    uint8_t (*leaves)[32]) {
    struct liar *liar = ctx;
    const struct crux_provider *truth = &liar->claim->provider.provider;
    const struct crux_tree_id tree = {.kind = CRUX_TREE_TRACE};
    (void)claim;
    CRUX_ASSERT((size_t)count * 32 <= ROOM);
    for (uint32_t i = 0; i < count; i++)
        CRUX_ASSERT(truth->node(truth->ctx, &tree, 0, first + i, world.answer + 32 * (size_t)i) ==
                    CRUX_OK);
    if (change(liar, (size_t)count * 32) != (size_t)count * 32) return CRUX_E_TRUNCATED;
    memcpy(leaves, world.answer, (size_t)count * 32);
    return CRUX_OK;
}

static enum crux_status give_records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                     uint32_t count, const uint8_t **bytes, size_t *len) {
    struct liar *liar = ctx;
    struct crux_writer out;
    (void)claim;
    crux_writer_init(&out, world.answer, ROOM);
    CRUX_ASSERT(crux_served_put(&out, crux_archive_tokens(liar->claim->archive), layer, first,
                                count) == CRUX_OK);
    *len = change(liar, out.at);
    *bytes = world.answer;
    return *len > ROOM ? CRUX_E_NOT_FOUND : CRUX_OK;
}

static enum crux_status give_node(void *ctx, const struct crux_tree_id *tree, unsigned level,
                                  uint64_t index, uint8_t out[32]) {
    struct liar *liar = ctx;
    const struct crux_provider *truth = &liar->claim->provider.provider;
    enum crux_status status = truth->node(truth->ctx, tree, level, index, world.answer);
    if (status != CRUX_OK) return status;
    if (change(liar, 32) != 32) return CRUX_E_TRUNCATED;
    memcpy(out, world.answer, 32);
    return CRUX_OK;
}

static enum crux_status put(struct liar *liar, struct crux_writer *out,
                            const struct crux_writer *whole, enum crux_status status) {
    if (status != CRUX_OK) return status;
    size_t len = change(liar, whole->at);
    if (len > ROOM) return CRUX_E_IO;
    crux_put_bytes(out, world.answer, len);
    return out->status;
}

static enum crux_status give_leaf(void *ctx, const struct crux_tree_id *tree, uint64_t leaf,
                                  struct crux_writer *out) {
    struct liar *liar = ctx;
    const struct crux_evidence *truth = &liar->claim->provider.evidence;
    struct crux_writer whole;
    crux_writer_init(&whole, world.answer, ROOM);
    return put(liar, out, &whole, truth->leaf(truth->ctx, tree, leaf, &whole));
}

static enum crux_status give_proof(void *ctx, const struct crux_tree_id *tree,
                                   const uint64_t *leaves, size_t n, struct crux_writer *out) {
    struct liar *liar = ctx;
    const struct crux_evidence *truth = &liar->claim->provider.evidence;
    struct crux_writer whole;
    crux_writer_init(&whole, world.answer, ROOM);
    return put(liar, out, &whole, truth->prove(truth->ctx, tree, leaves, n, &whole));
}

static enum crux_status give_root(void *ctx, const struct crux_tree_id *tree, uint8_t out[32]) {
    (void)ctx;
    (void)tree;
    (void)out;
    return CRUX_E_UNSUPPORTED;
}

/* ---- what is made of them ---- */

static void audit(struct liar *liar, bool lies, uint8_t mask) {
    const struct crux_engine_served served = {liar, give_leaves, give_records};
    const struct crux_run *run = crux_archive_tokens(liar->claim->archive);
    uint32_t layers[LAYERS], count = 0;
    bool sees = false;
    for (uint32_t i = 0; i < LAYERS; i++) {
        if ((mask >> i & 1) == 0) continue;
        layers[count++] = i;
        sees = sees || i == LIE_LAYER;
    }
    struct crux_engine_audited audited = {.claim = *crux_archive_claim(liar->claim->archive),
                                          .tokens = run->tokens,
                                          .request = {.tokens = liar->claim->tokens},
                                          .layers = layers,
                                          .layer_count = count};
    crux_request_read(&audited.request.fields, liar->claim->request);
    CRUX_ASSERT(crux_engine_audit(world.engine, world.executor.loaded.file.root, &served, &audited,
                                  1) == CRUX_OK);
    switch (audited.verdict) {
    case CRUX_ENGINE_AUDIT_TRUE: CRUX_ASSERT(!lies || !sees); break;
    case CRUX_ENGINE_AUDIT_RECORD:
        CRUX_ASSERT(lies && sees && audited.pos == 7 && audited.layer == LIE_LAYER);
        break;
    case CRUX_ENGINE_AUDIT_UNSERVED:
    case CRUX_ENGINE_AUDIT_TRACE:
    case CRUX_ENGINE_AUDIT_MISMATCH:
    case CRUX_ENGINE_AUDIT_MALFORMED: break;
    case CRUX_ENGINE_AUDIT_REQUEST:
    case CRUX_ENGINE_AUDIT_END:
    case CRUX_ENGINE_AUDIT_OUTPUT:
    case CRUX_ENGINE_AUDIT_TOKEN:
    case CRUX_ENGINE_AUDIT_CLOSE:
    case CRUX_ENGINE_AUDIT_RANGE:
    case CRUX_ENGINE_AUDIT_VERDICTS: CRUX_ASSERT(false);
    }
}

static void dispute(struct liar *liar) {
    const struct crux_program_header *header = &world.executor.loaded.file.program.header;
    const struct crux_provider *own = &world.executor.claim[TRUE_CLAIM].provider.provider;
    const struct crux_claim *claim = crux_archive_claim(liar->claim->archive);
    const struct crux_claim_id id = {3, 1, 0};
    static struct crux_solver_move step;
    enum crux_target target;
    uint64_t index;
    liar->evidence = (struct crux_evidence){
        .ctx = liar, .leaf = give_leaf, .prove = give_proof, .root = give_root};
    liar->provider = (struct crux_provider){&liar->evidence, liar, give_node};
    CRUX_ASSERT(crux_solver_opening(&target, &index, claim, header, liar->claim->request, own) ==
                CRUX_OK);
    CRUX_ASSERT(target != 0);
    liar->is_true = crux_cursor_left(&liar->in) == 0;
    CRUX_ASSERT(crux_solver_open(&step, &id, claim, target, index, 1, 100, header->layers, own,
                                 &liar->provider) == CRUX_OK);
    CRUX_ASSERT(step.any && step.move.kind == CRUX_MOVE_OPEN);
    /* where all is served as it is, the short cut is taken */
    CRUX_ASSERT(!liar->is_true || step.move.flag == CRUX_TARGET_LEAF);
    if (step.move.flag != CRUX_TARGET_LEAF) return;
    uint64_t leaves = (uint64_t)crux_claim_positions(claim) * LAYERS + 1;
    CRUX_ASSERT(crux_merkle_verify(claim->trace_root, leaves, &step.move.index,
                                   (const uint8_t(*)[32])step.move.leaf, 1, step.move.rest,
                                   step.move.rest_bytes) == CRUX_OK);
    CRUX_ASSERT(step.move.index == crux_trace_leaf(7, LIE_LAYER, LAYERS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct liar liar = {.claim = NULL};
    if (size == 0) return 0;
    make_world();
    bool lies = data[0] & 1;
    liar.claim = &world.executor.claim[lies ? FALSE_CLAIM : TRUE_CLAIM];
    crux_cursor_init(&liar.in, data + 1, size - 1);
    audit(&liar, lies, data[0] >> 1 & 7);
    if (lies && (data[0] & 16) != 0) dispute(&liar);
    return 0;
}
