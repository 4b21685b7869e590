/* The file form of a program. spec/21-descriptors.md#program-file */
#include <stdlib.h>
#include <string.h>

#include "kernels/base/bytes.h"
#include "kernels/base/sha256.h"
#include "kernels/program/program.h"

enum { VERSION = 1, PREFIX_BYTES = 24, OP_BYTES = CRUX_DESCRIPTOR_BYTES + CRUX_LABEL_BYTES };

static const uint8_t magic[8] = {'C', 'R', 'U', 'X', 'P', 'R', 'O', 'G'};

/* Below 2^33: at most 2^20 tensors, 2^12 layers and 2^24 ops. */
static uint64_t file_bytes(uint64_t tensors, uint64_t layers, uint64_t ops) {
    return PREFIX_BYTES + CRUX_HEADER_BYTES + tensors * CRUX_TENSOR_ENTRY_BYTES +
           layers * CRUX_LAYER_BYTES + ops * OP_BYTES + CRUX_SHA256_BYTES;
}

static void put_tensor(struct crux_writer *w, const struct crux_model_tensor *t) {
    crux_put_bytes(w, t->name, CRUX_NAME_BYTES);
    crux_put_u8(w, t->dtype);
    crux_put_u8(w, t->layout);
    crux_put_u8(w, t->ndim);
    crux_put_u8(w, 0);
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) crux_put_u32(w, t->dim[i]);
    crux_put_i64(w, t->lo);
    crux_put_i64(w, t->hi);
    crux_put_bytes(w, t->root, CRUX_HASH_BYTES);
    crux_put_u32(w, 0);
}

static enum crux_status put_program(struct crux_writer *w, const struct crux_program *program) {
    uint8_t block[CRUX_DESCRIPTOR_BYTES];
    size_t used;
    crux_put_bytes(w, magic, sizeof magic);
    crux_put_u32(w, VERSION);
    crux_put_u32(w, program->tensor_count);
    crux_put_u32(w, program->op_count);
    crux_put_u32(w, 0);
    enum crux_status status = crux_header_encode(block, &program->header);
    if (status != CRUX_OK) return status;
    crux_put_bytes(w, block, CRUX_HEADER_BYTES);
    for (uint32_t i = 0; i < program->tensor_count; i++) put_tensor(w, &program->tensors[i]);
    for (uint32_t i = 0; i < program->header.layers; i++) {
        status = crux_layer_encode(block, &program->layers[i]);
        if (status != CRUX_OK) return status;
        crux_put_bytes(w, block, CRUX_LAYER_BYTES);
    }
    for (uint32_t i = 0; i < program->op_count; i++) {
        status = crux_descriptor_encode(block, &used, &program->ops[i].op);
        if (status != CRUX_OK) return status;
        crux_put_bytes(w, block, CRUX_DESCRIPTOR_BYTES);
        crux_put_bytes(w, program->ops[i].label, CRUX_LABEL_BYTES);
    }
    return w->status;
}

enum crux_status crux_program_encode(uint8_t **out, size_t *len,
                                     const struct crux_program *program) {
    struct crux_writer w;
    uint8_t hash[CRUX_SHA256_BYTES];
    enum crux_status status = crux_program_check(program, NULL);
    if (status != CRUX_OK) return status;
    size_t size =
        (size_t)file_bytes(program->tensor_count, program->header.layers, program->op_count);
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_writer_init(&w, bytes, size);
    status = put_program(&w, program);
    if (status == CRUX_OK) {
        crux_sha256(hash, bytes, w.at);
        crux_put_bytes(&w, hash, sizeof hash);
        status = crux_writer_finish(&w, len);
    }
    if (status != CRUX_OK) {
        free(bytes);
        return status;
    }
    CRUX_ASSERT(*len == size);
    *out = bytes;
    return CRUX_OK;
}

/* Where decoding stands, for the refusal. */
struct place {
    struct crux_refusal *refusal;
    uint32_t layer, op;
};

static enum crux_status refuse(const struct place *place, enum crux_status status,
                               const char *what) {
    memset(place->refusal, 0, sizeof *place->refusal);
    place->refusal->status = status;
    place->refusal->layer = place->layer;
    place->refusal->op = place->op;
    memcpy(place->refusal->what, what, strlen(what));
    return status;
}

struct counts {
    uint32_t tensors, layers, ops;
};

/* Magic, version, counts and checksum: after this, every later length follows from counts that the length of the
 * input has confirmed. */
static enum crux_status get_prefix(struct crux_cursor *c, struct counts *counts,
                                   struct crux_program_header *header, const struct place *place) {
    uint8_t hash[CRUX_SHA256_BYTES];
    const uint8_t *found = crux_get_bytes(c, sizeof magic);
    if (found == NULL || memcmp(found, magic, sizeof magic) != 0) {
        return refuse(place, found == NULL ? CRUX_E_TRUNCATED : CRUX_E_BAD_MAGIC,
                      "the first bytes are not CRUXPROG");
    }
    uint32_t version = crux_get_u32(c);
    if (c->status == CRUX_OK && version != VERSION)
        return refuse(place, CRUX_E_BAD_VERSION, "the version is not 1");
    counts->tensors = crux_get_u32(c);
    counts->ops = crux_get_u32(c);
    uint32_t zero = crux_get_u32(c);
    const uint8_t *header_bytes = crux_get_bytes(c, CRUX_HEADER_BYTES);
    if (header_bytes == NULL) return refuse(place, CRUX_E_TRUNCATED, "the file ends in its header");
    if (zero != 0) return refuse(place, CRUX_E_NON_CANONICAL, "the prefix ends in four zero bytes");
    enum crux_status status = crux_header_decode(header, header_bytes);
    if (status != CRUX_OK) return refuse(place, status, "the header is not valid");
    counts->layers = header->layers;
    if (counts->tensors > CRUX_TENSORS_MAX)
        return refuse(place, CRUX_E_TOO_MANY_TENSORS, "more than 2^20 tensors");
    uint64_t expected = file_bytes(counts->tensors, counts->layers, counts->ops);
    if (c->len < expected)
        return refuse(place, CRUX_E_TRUNCATED, "the file is shorter than its counts say");
    if (c->len > expected)
        return refuse(place, CRUX_E_TRAILING_BYTES, "the file is longer than its counts say");
    crux_sha256(hash, c->p, c->len - sizeof hash);
    if (memcmp(hash, c->p + c->len - sizeof hash, sizeof hash) != 0) {
        return refuse(place, CRUX_E_CHECKSUM_MISMATCH,
                      "the checksum at the end is not that of the bytes before it");
    }
    return CRUX_OK;
}

static enum crux_status get_tensor(struct crux_cursor *c, struct crux_program *program) {
    struct crux_model_tensor t;
    memcpy(t.name, crux_get_bytes(c, CRUX_NAME_BYTES), CRUX_NAME_BYTES);
    t.dtype = crux_get_u8(c);
    t.layout = crux_get_u8(c);
    t.ndim = crux_get_u8(c);
    uint32_t zero = crux_get_u8(c);
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) t.dim[i] = crux_get_u32(c);
    t.lo = crux_get_i64(c);
    t.hi = crux_get_i64(c);
    memcpy(t.root, crux_get_bytes(c, CRUX_HASH_BYTES), CRUX_HASH_BYTES);
    zero |= crux_get_u32(c);
    if (zero != 0) return CRUX_E_NON_CANONICAL;
    return crux_program_add_tensor(program, &t, NULL);
}

static enum crux_status get_op(struct crux_cursor *c, struct crux_program *program,
                               const struct crux_layer *layer, const struct place *place) {
    struct crux_op op;
    char label[CRUX_LABEL_BYTES];
    enum crux_status status = crux_descriptor_decode(&op, crux_get_bytes(c, CRUX_DESCRIPTOR_BYTES));
    if (status != CRUX_OK) return refuse(place, status, crux_status_text(status));
    memcpy(label, crux_get_bytes(c, CRUX_LABEL_BYTES), CRUX_LABEL_BYTES);
    for (unsigned i = 1; i < CRUX_LABEL_BYTES; i++) {
        if (label[i - 1] == 0 && label[i] != 0)
            return refuse(place, CRUX_E_NON_CANONICAL, "bytes after the label");
    }
    if (label[CRUX_LABEL_BYTES - 1] != 0)
        return refuse(place, CRUX_E_SYNTAX, "the label has more than 23 letters");
    if (op.code != CRUX_STORE && place->op >= layer->ops - layer->stores) {
        return refuse(place, CRUX_E_BAD_STORE, "the last ops of a layer are its STOREs");
    }
    status = crux_program_add_op(program, &op, label, NULL);
    return status == CRUX_OK ? CRUX_OK
                             : refuse(place, status, "the op or its label cannot be added");
}

/* In: the cursor stands behind the header, and the input has exactly the length that the counts give. */
static enum crux_status get_body(struct crux_cursor *c, struct crux_program *program,
                                 const struct counts *counts, struct place *place) {
    uint32_t left = counts->ops;
    for (uint32_t i = 0; i < counts->tensors; i++) {
        enum crux_status status = get_tensor(c, program);
        if (status != CRUX_OK) return refuse(place, status, "a tensor entry is not valid");
    }
    struct crux_cursor layers = *c;
    (void)crux_get_bytes(c, (size_t)counts->layers * CRUX_LAYER_BYTES);
    for (place->layer = 0; place->layer < counts->layers; place->layer++) {
        struct crux_layer layer;
        place->op = UINT32_MAX;
        enum crux_status status =
            crux_layer_decode(&layer, crux_get_bytes(&layers, CRUX_LAYER_BYTES));
        if (status != CRUX_OK) return refuse(place, status, "the layer is not valid");
        if (layer.ops > left)
            return refuse(place, CRUX_E_PROGRAM_INVALID,
                          "the layers have more ops than the program");
        left -= layer.ops;
        status = crux_program_add_layer(program, (enum crux_active)layer.active);
        if (status != CRUX_OK) return refuse(place, status, "the layer cannot be added");
        for (place->op = 0; place->op < layer.ops; place->op++) {
            status = get_op(c, program, &layer, place);
            if (status != CRUX_OK) return status;
        }
        if (program->layers[place->layer].stores == layer.stores) continue;
        return refuse(place, CRUX_E_BAD_STORE, "the layer has more STOREs than it says");
    }
    place->layer = place->op = UINT32_MAX;
    if (left != 0)
        return refuse(place, CRUX_E_PROGRAM_INVALID, "the layers have fewer ops than the program");
    return CRUX_OK;
}

enum crux_status crux_program_decode(struct crux_program *program, const uint8_t *in, size_t len,
                                     struct crux_refusal *refusal) {
    struct crux_refusal ignored;
    struct place place = {refusal != NULL ? refusal : &ignored, UINT32_MAX, UINT32_MAX};
    struct crux_program_header header;
    struct counts counts = {0, 0, 0};
    struct crux_cursor c;
    memset(program, 0, sizeof *program);
    crux_cursor_init(&c, in, len);
    enum crux_status status = get_prefix(&c, &counts, &header, &place);
    if (status != CRUX_OK) return status;
    program->header = header;
    program->header.layers = 0; /* counted up as the layers are added */
    status = get_body(&c, program, &counts, &place);
    if (status == CRUX_OK) status = crux_program_check(program, place.refusal);
    if (status != CRUX_OK) crux_program_free(program);
    return status;
}
