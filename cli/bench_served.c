#include "cli/bench_served.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- where things lie ---- */

static uint32_t positions_of(const struct crux_claim *claim) {
    return claim->request_tokens + claim->chosen_tokens - 1;
}

static uint64_t leaves_at(const struct crux_claim *claim) {
    return (uint64_t)claim->chosen_tokens * 4;
}

static uint64_t record_at(const struct crux_cli_bench_served *file, uint32_t layer, uint32_t pos) {
    uint32_t positions = positions_of(&file->claim);
    uint64_t at =
        leaves_at(&file->claim) + 32 * crux_trace_leaves(positions, file->program->header.layers);
    for (uint32_t l = 0; l < layer; l++) at += positions * crux_served_bytes(file->program, l);
    return at + pos * crux_served_bytes(file->program, layer);
}

static enum crux_status put(int fd, const void *bytes, size_t len, uint64_t at) {
    const uint8_t *from = bytes;
    for (size_t done = 0; done < len;) {
        ssize_t some = pwrite(fd, from + done, len - done, (off_t)(at + done));
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return CRUX_E_IO;
        done += (size_t)some;
    }
    return CRUX_OK;
}

static enum crux_status get(int fd, void *out, size_t len, uint64_t at) {
    uint8_t *to = out;
    for (size_t done = 0; done < len;) {
        ssize_t some = pread(fd, to + done, len - done, (off_t)(at + done));
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return CRUX_E_IO;
        done += (size_t)some;
    }
    return CRUX_OK;
}

/* ---- writing ---- */

struct keeping {
    struct crux_cli_bench_served *file;
    enum crux_status status; /* the first failure */
};

static void keep(void *ctx, const struct crux_engine_sequence *sequence, uint32_t pos,
                 uint32_t layer, const struct crux_tensor *tensors, uint32_t count) {
    struct keeping *keeping = ctx;
    uint64_t at = record_at(keeping->file, layer, pos);
    (void)sequence;
    for (uint32_t i = 0; i < count && keeping->status == CRUX_OK; i++) {
        uint32_t len = (uint32_t)crux_tensor_bytes(&tensors[i].layout);
        uint8_t prefix[4];
        crux_store_u32(prefix, len);
        keeping->status = put(keeping->file->fd, prefix, sizeof prefix, at);
        if (keeping->status == CRUX_OK)
            keeping->status = put(keeping->file->fd, tensors[i].elements, len, at + sizeof prefix);
        at += sizeof prefix + len;
    }
}

static enum crux_status write_run(struct keeping *keeping, struct crux_engine *engine,
                                  const uint32_t *request, const uint32_t *output) {
    const struct crux_claim *claim = &keeping->file->claim;
    struct crux_engine_ask ask = {.request_tokens = claim->request_tokens,
                                  .params = {[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE}};
    struct crux_engine_sequence *sequence;
    uint8_t close[32];
    uint64_t count;
    enum crux_status status = crux_engine_sequence_open(&sequence, engine, &ask);
    if (status != CRUX_OK) return status;
    for (uint32_t pos = 0, end = positions_of(claim); pos < end && status == CRUX_OK; pos++) {
        struct crux_engine_row row = {
            sequence,
            pos < claim->request_tokens ? request[pos] : output[pos - claim->request_tokens], NULL,
            CRUX_ENGINE_NO_TOKEN};
        status = crux_engine_step(engine, &row, 1);
    }
    const uint8_t(*leaves)[32] = crux_engine_sequence_leaves(sequence, &count);
    crux_close_leaf(close, claim->request_tokens, claim->chosen_tokens, claim->cancelled,
                    claim->output_root);
    if (status == CRUX_OK) status = keeping->status;
    if (status == CRUX_OK)
        status = put(keeping->file->fd, leaves, (size_t)count * 32, leaves_at(claim));
    if (status == CRUX_OK)
        status = put(keeping->file->fd, close, 32, leaves_at(claim) + count * 32);
    crux_engine_sequence_close(sequence);
    return status;
}

enum crux_status crux_cli_bench_write(struct crux_cli_bench_served *file,
                                      const struct crux_engine_loaded *loaded, unsigned threads,
                                      const uint32_t *request, const uint32_t *output) {
    struct keeping keeping = {.file = file};
    struct crux_engine_options options = {
        .threads = threads, .record = keep, .record_ctx = &keeping};
    struct crux_engine *engine;
    file->program = &loaded->file.program;
    enum crux_status status = crux_engine_open(&engine, loaded->model, &options);
    if (status != CRUX_OK) return status;
    for (uint32_t i = 0; i < file->claim.chosen_tokens && status == CRUX_OK; i++) {
        uint8_t token[4];
        crux_store_u32(token, output[i]);
        status = put(file->fd, token, sizeof token, (uint64_t)i * 4);
    }
    if (status == CRUX_OK) status = write_run(&keeping, engine, request, output);
    crux_engine_close(engine);
    return status;
}

/* ---- reading ---- */

enum crux_status crux_cli_bench_output(const struct crux_cli_bench_served *file, uint32_t *output) {
    enum crux_status status = CRUX_OK;
    for (uint32_t i = 0; i < file->claim.chosen_tokens && status == CRUX_OK; i++) {
        uint8_t token[4];
        status = get(file->fd, token, sizeof token, (uint64_t)i * 4);
        output[i] = crux_load_u32(token);
    }
    return status;
}

static enum crux_status serve_leaves(void *ctx, uint32_t claim, uint64_t first, uint32_t count,
                                     uint8_t (*leaves)[32]) {
    struct crux_cli_bench_served *file = ctx;
    (void)claim;
    file->read += (uint64_t)count * 32;
    return get(file->fd, leaves, (size_t)count * 32, leaves_at(&file->claim) + first * 32);
}

static enum crux_status serve_records(void *ctx, uint32_t claim, uint32_t layer, uint32_t first,
                                      uint32_t count, const uint8_t **bytes, size_t *len) {
    struct crux_cli_bench_served *file = ctx;
    (void)claim;
    *len = count * crux_served_bytes(file->program, layer);
    if (*len > file->cap) {
        uint8_t *more = realloc(file->bytes, *len);
        if (more == NULL) return CRUX_E_OUT_OF_MEMORY;
        file->bytes = more;
        file->cap = *len;
    }
    file->read += *len;
    *bytes = file->bytes;
    return get(file->fd, file->bytes, *len, record_at(file, layer, first));
}

void crux_cli_bench_serve(struct crux_engine_served *served, struct crux_cli_bench_served *file,
                          const struct crux_program *program) {
    file->program = program;
    *served = (struct crux_engine_served){file, serve_leaves, serve_records};
}

void crux_cli_bench_served_free(struct crux_cli_bench_served *file) {
    free(file->bytes);
    file->bytes = NULL;
    file->cap = 0;
}
