/* JSON of any bytes: no crash, and what is read has no more values than were counted beforehand. */
#include "chain-adapter/io/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
    size_t values, groups;
};

/* As crux_json_limits counts them: entries, and fields twice.  In: depth, bounded by the reader. */
static void count(struct found *found, json_t *value) {
    const char *name;
    json_t *entry;
    size_t i;
    found->values++;
    found->groups += json_is_array(value) || json_is_object(value);
    json_array_foreach(value, i, entry) count(found, entry);
    json_object_foreach(value, name, entry) {
        found->values++;
        count(found, entry);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct crux_json_limits none = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    struct crux_json_limits limits = {size, SIZE_MAX, SIZE_MAX};
    struct crux_json_error error;
    struct found found = {0, 0};
    json_t *value;
    const char *bytes = (const char *)data;
    enum crux_status status = crux_json_read_within(&value, &error, bytes, size, &none);
    CRUX_ASSERT((status == CRUX_OK) == (value != NULL));
    CRUX_ASSERT((status == CRUX_OK) == (error.message[0] == 0));
    if (status != CRUX_OK) return 0;
    count(&found, value);
    json_decref(value);
    /* what has so many is not let in by a limit of one less */
    limits.values = found.values - 1;
    status = crux_json_read_within(&value, &error, bytes, size, &limits);
    CRUX_ASSERT(status == CRUX_E_UNSUPPORTED && value == NULL);
    limits.values = SIZE_MAX;
    limits.groups = found.groups;
    status = crux_json_read_within(&value, &error, bytes, size, &limits);
    CRUX_ASSERT(status == CRUX_OK);
    json_decref(value);
    return 0;
}
