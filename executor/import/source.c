#include "executor/import/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/import/source_parts.h"

enum crux_status crux_source_parse(struct crux_model_source *source, const uint8_t *bytes,
                                   size_t len, uint32_t context,
                                   struct crux_import_message *message) {
    *source = (struct crux_model_source){0};
    if (message != NULL) message->text[0] = 0;
    memcpy(source->format, "gguf", 5);
    crux_sha256(source->hash, bytes, len);
    enum crux_status status = crux_gguf_parse(&source->gguf, bytes, len, message);
    if (status == CRUX_OK) status = crux_source_from_gguf(source, context, message);
    if (status == CRUX_OK) crux_source_sort(source);
    if (status != CRUX_OK && message != NULL && message->text[0] == 0)
        (void)crux_import_fail(message, status, "%s", crux_status_text(status));
    return status;
}

enum crux_status crux_source_map_file(struct crux_model_source *source, struct crux_source_map *map,
                                      const char *path, struct crux_import_message *message) {
    struct stat there;
    void *bytes = MAP_FAILED;
    *map = (struct crux_source_map){NULL, 0};
    if (source->map_count == CRUX_SOURCE_MAPS_MAX)
        return crux_import_fail(message, CRUX_E_TOO_MANY_ELEMENTS, "the source has too many files");
    if (source->maps == NULL) source->maps = calloc(CRUX_SOURCE_MAPS_MAX, sizeof *source->maps);
    if (source->maps == NULL) return CRUX_E_OUT_OF_MEMORY;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &there) != 0)
        (void)crux_import_fail(message, CRUX_E_IO, "cannot open '%.300s': %s", path,
                               strerror(errno));
    else if (!S_ISREG(there.st_mode) || there.st_size <= 0)
        (void)crux_import_fail(message, CRUX_E_IO, "'%.300s' is no model file", path);
    else {
        bytes = mmap(NULL, (size_t)there.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED)
            (void)crux_import_fail(message, CRUX_E_IO, "cannot map '%.300s': %s", path,
                                   strerror(errno));
    }
    if (fd >= 0) (void)close(fd);
    if (bytes == MAP_FAILED) return CRUX_E_IO;
    *map = (struct crux_source_map){bytes, (size_t)there.st_size};
    source->maps[source->map_count++] = *map;
    return CRUX_OK;
}

enum crux_status crux_source_open(struct crux_model_source *source, const char *path,
                                  uint32_t context, struct crux_import_message *message) {
    struct crux_model_source mapped = {.format = ""};
    struct crux_source_map map;
    struct stat there;
    *source = mapped;
    if (message != NULL) message->text[0] = 0;
    if (stat(path, &there) == 0 && S_ISDIR(there.st_mode)) {
        enum crux_status status = crux_source_from_folder(source, path, context, message);
        crux_source_sort(source);
        return status;
    }
    enum crux_status status = crux_source_map_file(&mapped, &map, path, message);
    if (status == CRUX_OK) status = crux_source_parse(source, map.bytes, map.len, context, message);
    source->maps = mapped.maps;
    source->map_count = mapped.map_count;
    return status;
}

void crux_source_close(struct crux_model_source *source) {
    crux_gguf_free(&source->gguf);
    free(source->tensors);
    free(source->rope_turns);
    for (uint32_t i = 0; i < source->map_count; i++)
        (void)munmap((void *)(uintptr_t)source->maps[i].bytes, source->maps[i].len);
    free(source->maps);
    *source = (struct crux_model_source){0};
}

enum crux_status crux_source_add(struct crux_model_source *source,
                                 const struct crux_source_tensor *tensor) {
    if (source->tensor_count == source->tensor_cap) {
        uint32_t cap = source->tensor_cap == 0 ? 64 : 2 * source->tensor_cap;
        struct crux_source_tensor *more = realloc(source->tensors, cap * sizeof *more);
        if (more == NULL) return CRUX_E_OUT_OF_MEMORY;
        source->tensors = more;
        source->tensor_cap = cap;
    }
    source->tensors[source->tensor_count++] = *tensor;
    return CRUX_OK;
}

void crux_source_name(struct crux_source_tensor *tensor, const char *name) {
    size_t len = strlen(name);
    CRUX_ASSERT(len < sizeof tensor->name); /* "b4095.q.norm" is among the longest */
    memcpy(tensor->name, name, len + 1);
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct crux_source_tensor *)a)->name,
                  ((const struct crux_source_tensor *)b)->name);
}

void crux_source_sort(struct crux_model_source *source) {
    if (source->tensor_count > 0)
        qsort(source->tensors, source->tensor_count, sizeof *source->tensors, compare);
}

const struct crux_source_tensor *crux_source_find(const struct crux_model_source *source,
                                                  const char *name) {
    struct crux_source_tensor wanted = {.name = ""};
    size_t len = strlen(name);
    if (len >= sizeof wanted.name || source->tensor_count == 0) return NULL;
    memcpy(wanted.name, name, len);
    return bsearch(&wanted, source->tensors, source->tensor_count, sizeof wanted, compare);
}

enum crux_status crux_source_doubles(double *values, const struct crux_source_tensor *tensor,
                                     uint32_t row) {
    CRUX_ASSERT(row < tensor->rows);
    enum crux_status status = crux_block_doubles(
        values, tensor->type, tensor->bytes + row * tensor->row_bytes, tensor->inputs);
    for (uint32_t i = 0; tensor->plus_one && status == CRUX_OK && i < tensor->inputs; i++)
        values[i] += 1;
    return status;
}

bool crux_source_f32(struct crux_block_float *out, uint32_t bits) {
    uint8_t bytes[4];
    crux_store_u32(bytes, bits);
    if (crux_block_float(out, crux_block_type_of(CRUX_BLOCK_F32), bytes) != CRUX_OK) return false;
    for (; out->mantissa != 0 && out->mantissa % 2 == 0; out->mantissa /= 2) out->exponent++;
    return true;
}

bool crux_source_whole(uint32_t *out, uint32_t bits, uint32_t most) {
    struct crux_block_float f;
    if (!crux_source_f32(&f, bits) || f.mantissa <= 0 || f.exponent < 0 || f.exponent > 31)
        return false;
    uint64_t value = (uint64_t)f.mantissa << f.exponent; /* below 2^24 * 2^31 */
    if (value > most) return false;
    *out = (uint32_t)value;
    return true;
}
