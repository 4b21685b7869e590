/* A model file, opened and ready to run: file -> constants -> engine model. */
#ifndef CRUX_EXECUTOR_ENGINE_LOADED_H
#define CRUX_EXECUTOR_ENGINE_LOADED_H

#include "executor/engine/model_file.h"
#include "executor/engine/runner.h"

struct crux_engine_loaded {
    struct crux_model_file file;
    struct crux_engine_model *model;
};

/* Out: loaded, to be closed with crux_engine_unload if CRUX_OK is returned, and not to be moved; message, on failure,
 * why.
 * In: backend, as in crux_engine_model_open.
 * Returns: crux_model_file_open's and crux_engine_model_open's. */
CRUX_MUST_CHECK
enum crux_status crux_engine_load(struct crux_engine_loaded *loaded, const char *path,
                                  const char *backend, char message[CRUX_MODEL_MESSAGE_BYTES]);
/* The same with some layers alone, for crux_engine_audit: what the others weigh stays in the file.
 * In: layers, ascending. */
CRUX_MUST_CHECK
enum crux_status crux_engine_load_layers(struct crux_engine_loaded *loaded, const char *path,
                                         const char *backend, const uint32_t *layers,
                                         uint32_t layer_count,
                                         char message[CRUX_MODEL_MESSAGE_BYTES]);
void crux_engine_unload(struct crux_engine_loaded *loaded);

#endif
