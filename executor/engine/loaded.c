#include "executor/engine/loaded.h"

#include <stdio.h>
#include <string.h>

enum crux_status crux_engine_load(struct crux_engine_loaded *loaded, const char *path,
                                  const char *backend, char message[CRUX_MODEL_MESSAGE_BYTES]) {
    return crux_engine_load_layers(loaded, path, backend, NULL, 0, message);
}

enum crux_status crux_engine_load_layers(struct crux_engine_loaded *loaded, const char *path,
                                         const char *backend, const uint32_t *layers,
                                         uint32_t layer_count,
                                         char message[CRUX_MODEL_MESSAGE_BYTES]) {
    char what[CRUX_NAME_BYTES];
    enum crux_status status = crux_model_file_open(&loaded->file, path, message);
    if (status != CRUX_OK) return status;
    const struct crux_engine_source source = {.config = &loaded->file.config.decoder,
                                              .program = &loaded->file.program,
                                              .memory = &loaded->file.memory,
                                              .mapped = loaded->file.map != NULL,
                                              .layers = layers,
                                              .layer_count = layer_count};
    status = crux_engine_model_open(&loaded->model, &source, backend, what);
    if (status == CRUX_OK) return CRUX_OK;
    (void)snprintf(message, CRUX_MODEL_MESSAGE_BYTES, "%s: %s", what, crux_status_text(status));
    crux_model_file_close(&loaded->file);
    return status;
}

void crux_engine_unload(struct crux_engine_loaded *loaded) {
    crux_engine_model_close(loaded->model);
    crux_model_file_close(&loaded->file);
}
