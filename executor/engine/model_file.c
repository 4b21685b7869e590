#include "executor/engine/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/engine/model_layout.h"

static const char *const section_names[CRUX_MODEL_SECTIONS] = {
    "tensors", "configuration", "program", "tokenizer", "chat template", "manifest"};

static enum crux_status check_sections(struct crux_model_span span[CRUX_MODEL_SECTIONS],
                                       const struct crux_model_header *header, const uint8_t *bytes,
                                       char *message) {
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        uint8_t hash[32] = {0};
        span[i] = (struct crux_model_span){bytes + header->section[i].offset,
                                           (size_t)header->section[i].len};
        if (i != CRUX_MODEL_TENSORS) crux_sha256(hash, span[i].bytes, span[i].len);
        if (!crux_equal(hash, header->section[i].hash, 32))
            return crux_model_fail(message, CRUX_E_CHECKSUM_MISMATCH,
                                   "the %s in the file is damaged", section_names[i]);
    }
    return CRUX_OK;
}

/* Nothing hides behind the sections. */
static enum crux_status check_padding(const struct crux_model_header *header, const uint8_t *bytes,
                                      char *message) {
    for (unsigned i = 0; i < CRUX_MODEL_SECTIONS; i++) {
        uint64_t at = header->section[i].offset + header->section[i].len;
        for (uint64_t end = crux_model_align(at); at < end; at++) {
            if (bytes[at] != 0)
                return crux_model_fail(message, CRUX_E_NON_CANONICAL,
                                       "the file has bytes between its parts");
        }
    }
    return CRUX_OK;
}

/* Does the manifest hold "key":"hash of span"? Quotes inside its strings are escaped, so that only a key looks so. */
static bool manifest_binds(struct crux_model_span manifest, const char *key,
                           struct crux_model_span span) {
    char wanted[128];
    uint8_t hash[32];
    crux_sha256(hash, span.bytes, span.len);
    size_t len = (size_t)snprintf(wanted, sizeof wanted, "\"%s\":\"", key);
    for (size_t i = 0; i < 32; i++, len += 2)
        (void)snprintf(wanted + len, sizeof wanted - len, "%02x", hash[i]);
    wanted[len++] = '"';
    for (size_t at = 0; at + len <= manifest.len; at++) {
        if (memcmp(manifest.bytes + at, wanted, len) == 0) return true;
    }
    return false;
}

static enum crux_status decode_program(struct crux_model_file *model, struct crux_model_span span,
                                       char *message) {
    struct crux_refusal refusal = {0};
    enum crux_status status = crux_program_decode(&model->program, span.bytes, span.len, &refusal);
    if (status == CRUX_OK) status = crux_program_check(&model->program, &refusal);
    if (status != CRUX_OK)
        return crux_model_fail(message, status, "the program in the file is refused: %s",
                               refusal.what);
    return CRUX_OK;
}

/* spec/55-import.md#model-files: the configuration is a hint, and must lower to what the root commits. */
static enum crux_status compare_lowering(const struct crux_model_file *model,
                                         struct crux_model_span committed, char *message) {
    struct crux_program program = {0};
    char where[CRUX_LABEL_BYTES] = "";
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum crux_status status = crux_fused_decoder(&program, &model->config.decoder, where);
    if (status != CRUX_OK) {
        (void)crux_model_fail(message, status,
                              "the configuration in the file cannot be lowered: %s", where);
        goto out;
    }
    if (program.tensor_count == model->program.tensor_count) {
        for (uint32_t i = 0; i < program.tensor_count; i++)
            crux_copy(program.tensors[i].root, model->program.tensors[i].root, CRUX_HASH_BYTES);
        crux_model_bind_operands(&program);
        status = crux_program_encode(&bytes, &len, &program);
        if (status != CRUX_OK) goto out;
    }
    if (len != committed.len || !crux_equal(bytes, committed.bytes, len))
        status = crux_model_fail(message, CRUX_E_PROGRAM_INVALID,
                                 "the configuration in the file does not give its program");
out:
    free(bytes);
    crux_program_free(&program);
    return status;
}

static enum crux_status place_tensors(struct crux_model_file *model, struct crux_model_span span,
                                      char *message) {
    uint32_t count = model->program.tensor_count;
    uint64_t all = 0, *offset = calloc(count + 1U, sizeof *offset);
    model->memory.tensors = calloc(count + 1U, sizeof *model->memory.tensors);
    model->memory.count = count;
    enum crux_status status = CRUX_E_OUT_OF_MEMORY;
    if (offset == NULL || model->memory.tensors == NULL) goto out;
    status = crux_model_tensor_offsets(offset, &all, &model->program);
    if (status == CRUX_OK && all != span.len) status = CRUX_E_BAD_LAYOUT;
    if (status != CRUX_OK) {
        (void)crux_model_fail(message, status, "the tensors in the file are not the program's");
        goto out;
    }
    for (uint32_t i = 0; i < count; i++) {
        model->memory.tensors[i].bytes = (uint8_t *)(uintptr_t)(span.bytes + offset[i]);
        model->memory.tensors[i].len = (size_t)crux_model_tensor_bytes(&model->program.tensors[i]);
    }
out:
    free(offset);
    return status;
}

static enum crux_status parse(struct crux_model_file *model, const uint8_t *bytes, size_t len,
                              char *message) {
    struct crux_model_header header;
    struct crux_model_span span[CRUX_MODEL_SECTIONS];
    uint8_t root[32];
    if (len < CRUX_MODEL_HEADER_BYTES)
        return crux_model_fail(message, CRUX_E_TRUNCATED, "the file is too short for a model");
    enum crux_status status = crux_model_header_decode(&header, bytes);
    if (status != CRUX_OK)
        return crux_model_fail(message, status, "the file's header is refused: %s",
                               crux_status_text(status));
    if (header.file_bytes != len)
        return crux_model_fail(message, CRUX_E_TRUNCATED,
                               "the file has %llu bytes where its header says %llu",
                               (unsigned long long)len, (unsigned long long)header.file_bytes);
    status = check_padding(&header, bytes, message);
    if (status != CRUX_OK) return status;
    status = check_sections(span, &header, bytes, message);
    if (status != CRUX_OK) return status;
    status = crux_model_config_decode(&model->config, span[CRUX_MODEL_CONFIG].bytes,
                                      span[CRUX_MODEL_CONFIG].len);
    if (status != CRUX_OK)
        return crux_model_fail(message, status, "the configuration in the file is refused: %s",
                               crux_status_text(status));
    status = decode_program(model, span[CRUX_MODEL_PROGRAM], message);
    if (status == CRUX_OK) status = compare_lowering(model, span[CRUX_MODEL_PROGRAM], message);
    if (status == CRUX_OK) status = place_tensors(model, span[CRUX_MODEL_TENSORS], message);
    if (status != CRUX_OK) return status;
    model->tokenizer = span[CRUX_MODEL_TOKENIZER];
    model->chat_template = span[CRUX_MODEL_TEMPLATE];
    model->manifest = span[CRUX_MODEL_MANIFEST];
    if (!manifest_binds(model->manifest, "tokenizer_sha256", model->tokenizer) ||
        !manifest_binds(model->manifest, "chat_template_sha256", model->chat_template))
        return crux_model_fail(message, CRUX_E_CHECKSUM_MISMATCH,
                               "the tokenizer or the chat template is not the manifest's");
    status = crux_model_file_root(root, model->manifest_hash, &model->program, model->manifest);
    if (status != CRUX_OK) return status;
    if (!crux_equal(root, header.root, 32))
        return crux_model_fail(message, CRUX_E_PROOF_ROOT_MISMATCH,
                               "program and manifest do not give the model root in the header");
    crux_copy(model->root, root, 32);
    return CRUX_OK;
}

enum crux_status crux_model_file_parse(struct crux_model_file *model, const uint8_t *bytes,
                                       size_t len, char message[CRUX_MODEL_MESSAGE_BYTES]) {
    *model = (struct crux_model_file){0};
    message[0] = 0;
    enum crux_status status = parse(model, bytes, len, message);
    if (status == CRUX_OK) return CRUX_OK;
    if (message[0] == 0) (void)crux_model_fail(message, status, "%s", crux_status_text(status));
    crux_model_file_close(model);
    return status;
}

enum crux_status crux_model_file_open(struct crux_model_file *model, const char *path,
                                      char message[CRUX_MODEL_MESSAGE_BYTES]) {
    struct stat there;
    void *map = MAP_FAILED;
    enum crux_status status = CRUX_E_IO;
    *model = (struct crux_model_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &there) != 0)
        (void)crux_model_fail(message, status, "cannot open '%.300s': %s", path, strerror(errno));
    else if (!S_ISREG(there.st_mode) || there.st_size <= 0)
        (void)crux_model_fail(message, status, "'%.300s' is no model file", path);
    else {
        map = mmap(NULL, (size_t)there.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED)
            (void)crux_model_fail(message, status, "cannot map '%.300s': %s", path,
                                  strerror(errno));
    }
    if (fd >= 0) (void)close(fd);
    if (map == MAP_FAILED) return status;
    status = crux_model_file_parse(model, map, (size_t)there.st_size, message);
    if (status != CRUX_OK) {
        (void)munmap(map, (size_t)there.st_size);
        return status;
    }
    model->map = map;
    model->map_len = (size_t)there.st_size;
    return CRUX_OK;
}

void crux_model_file_close(struct crux_model_file *model) {
    crux_model_config_free(&model->config);
    crux_program_free(&model->program);
    free(model->memory.tensors);
    if (model->map != NULL) (void)munmap((void *)(uintptr_t)model->map, model->map_len);
    *model = (struct crux_model_file){0};
}

uint32_t crux_model_file_find(const struct crux_model_file *model, const char *name) {
    for (uint32_t i = 0; i < model->program.tensor_count; i++) {
        if (strcmp(model->program.tensors[i].name, name) == 0) return i;
    }
    return UINT32_MAX;
}
