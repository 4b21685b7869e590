#include "executor/import/safetensors.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const struct crux_block_type *type_of(const char *dtype) {
    if (strcmp(dtype, "F32") == 0) return crux_block_type_of(CRUX_BLOCK_F32);
    if (strcmp(dtype, "F16") == 0) return crux_block_type_of(CRUX_BLOCK_F16);
    if (strcmp(dtype, "BF16") == 0) return crux_block_type_of(CRUX_BLOCK_BF16);
    return NULL;
}

/* A whole number, not negative.  Returns: false for anything else. */
static bool whole(uint64_t *out, const json_t *value) {
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_shape(struct crux_safetensor *tensor, uint64_t *elements, const json_t *shape) {
    size_t dims = json_array_size(shape);
    *elements = 1;
    if (!json_is_array(shape) || dims < 1 || dims > CRUX_SAFETENSORS_DIMS_MAX) return false;
    tensor->dims = (uint32_t)dims;
    for (size_t i = 0; i < dims; i++) {
        uint64_t dim;
        if (!whole(&dim, json_array_get(shape, i)) || dim < 1 || dim > UINT64_C(1) << 31)
            return false;
        tensor->dim[i] = dim;
        *elements *= dim; /* below 2^40 * 2^31 */
        if (*elements > UINT64_C(1) << 40) return false;
    }
    return true;
}

static enum crux_status read_tensor(struct crux_safetensor *tensor, const char *name,
                                    const json_t *value, const uint8_t *data, uint64_t left) {
    const json_t *offsets = json_object_get(value, "data_offsets");
    const char *dtype = json_string_value(json_object_get(value, "dtype"));
    uint64_t elements, from, to;
    size_t len = strlen(name);
    if (len >= sizeof tensor->name) return CRUX_E_TOO_MANY_ELEMENTS;
    memcpy(tensor->name, name, len + 1);
    if (dtype == NULL) return CRUX_E_SYNTAX;
    tensor->type = type_of(dtype);
    if (!read_shape(tensor, &elements, json_object_get(value, "shape"))) return CRUX_E_BAD_SHAPE;
    if (json_array_size(offsets) != 2 || !whole(&from, json_array_get(offsets, 0)) ||
        !whole(&to, json_array_get(offsets, 1)))
        return CRUX_E_SYNTAX;
    if (from > to || to > left) return CRUX_E_TRUNCATED;
    if (tensor->type != NULL && to - from != elements * tensor->type->bytes)
        return CRUX_E_BAD_LAYOUT;
    tensor->bytes = data + from;
    tensor->len = to - from;
    return CRUX_OK;
}

static enum crux_status read_all(struct crux_safetensors *file, json_t *header, const uint8_t *data,
                                 uint64_t left, struct crux_import_message *message) {
    const char *name;
    json_t *value;
    if (!json_is_object(header) || json_object_size(header) > CRUX_SAFETENSORS_TENSORS_MAX)
        return crux_import_fail(message, CRUX_E_SYNTAX, "the file's header is no table of tensors");
    file->tensors = calloc(json_object_size(header) + 1, sizeof *file->tensors);
    if (file->tensors == NULL) return CRUX_E_OUT_OF_MEMORY;
    json_object_foreach(header, name, value) {
        if (strcmp(name, "__metadata__") == 0) continue;
        enum crux_status status = read_tensor(&file->tensors[file->count], name, value, data, left);
        if (status != CRUX_OK)
            return crux_import_fail(message, status, "tensor '%.100s': %s", name,
                                    crux_status_text(status));
        file->count++;
    }
    return CRUX_OK;
}

enum crux_status crux_safetensors_parse(struct crux_safetensors *file, const uint8_t *bytes,
                                        size_t len, struct crux_import_message *message) {
    *file = (struct crux_safetensors){0};
    uint64_t header_len = len < 8 ? 0 : crux_load_u64(bytes);
    if (header_len == 0 || header_len > len - 8)
        return crux_import_fail(message, CRUX_E_TRUNCATED, "this is no safetensors file");
    if (header_len > CRUX_SAFETENSORS_HEADER_MAX)
        return crux_import_fail(message, CRUX_E_TOO_MANY_ELEMENTS, "the file's header is too long");
    json_t *header =
        json_loadb((const char *)bytes + 8, (size_t)header_len, JSON_REJECT_DUPLICATES, NULL);
    if (header == NULL)
        return crux_import_fail(message, CRUX_E_SYNTAX, "the file's header is no JSON");
    enum crux_status status =
        read_all(file, header, bytes + 8 + header_len, len - 8 - header_len, message);
    json_decref(header);
    return status;
}

void crux_safetensors_free(struct crux_safetensors *file) {
    free(file->tensors);
    *file = (struct crux_safetensors){0};
}
