/* The manifest: what the model root binds beside the program, as JSON with sorted keys and no white space.
 * spec/55-import.md#manifest */
#ifndef CRUX_EXECUTOR_IMPORT_MANIFEST_H
#define CRUX_EXECUTOR_IMPORT_MANIFEST_H

#include "executor/import/import.h"

struct crux_manifest {
    const struct crux_import_report *report; /* arch, name, source hash, certificate, context */
    const char *format;
    enum crux_weights weights;
    const uint8_t *tokenizer, *chat_template;
    size_t tokenizer_len, chat_template_len;
};

/* Out: *out malloced, the caller frees.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_manifest_make(uint8_t **out, size_t *len,
                                    const struct crux_manifest *manifest);

#endif
