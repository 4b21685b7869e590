/* Inside executor/import: config.json of a folder, for the files that read it. */
#ifndef CRUX_EXECUTOR_IMPORT_SOURCE_CONFIG_H
#define CRUX_EXECUTOR_IMPORT_SOURCE_CONFIG_H

#include <jansson.h>

#include "executor/import/source_parts.h"

struct crux_source_config {
    struct crux_model_source *source;
    struct crux_import_message *message;
    const json_t *json;
    const char *type; /* model_type */
    unsigned gemma;   /* crux_source_gemma */
};

/* Out: the bits of the f32 next to a number.  Returns: false if `value` is none. */
CRUX_MUST_CHECK
bool crux_source_json_f32(uint32_t *bits, const json_t *value);
/* Returns: the value of a key; NULL if it is missing or null. */
const json_t *crux_source_json_get(const json_t *object, const char *key);

/* Windows, caps, the divisor of scores; and what changes the model and is not known, which is refused.
 * In: qkv_bias, of the family. */
CRUX_MUST_CHECK
enum crux_status crux_source_folder_variants(const struct crux_source_config *c, bool qkv_bias);
/* Frequencies. */
CRUX_MUST_CHECK
enum crux_status crux_source_folder_rope(const struct crux_source_config *c);

#endif
