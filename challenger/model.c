/* Models whose claims can be judged: one map of the file, all of it hashed once, and as much of it packed in memory as is
 * needed: everything for whole runs, or some layers for the time of an audit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "challenger/inside.h"

enum { ROWS = 256 }; /* of a step of verification */

void challenger_engine_close(struct challenger_engine *engine) {
    if (engine->engine != NULL) crux_engine_close(engine->engine);
    if (engine->model != NULL) crux_engine_model_close(engine->model);
    memset(engine, 0, sizeof *engine);
}

enum crux_status challenger_engine_open(struct challenger_engine *engine, struct crux_challenger *c,
                                        const struct challenger_model *model,
                                        const uint32_t *layers, uint32_t count) {
    const struct crux_engine_options options = {.threads = c->options.threads, .rows = ROWS};
    const struct crux_engine_source source = {.config = &model->file.config.decoder,
                                              .program = &model->file.program,
                                              .memory = &model->file.memory,
                                              .mapped = model->file.map != NULL,
                                              .layers = layers,
                                              .layer_count = count};
    char what[CRUX_NAME_BYTES] = "";
    memset(engine, 0, sizeof *engine);
    enum crux_status status =
        crux_engine_model_open(&engine->model, &source, c->options.backend, what);
    if (status == CRUX_OK) status = crux_engine_open(&engine->engine, engine->model, &options);
    if (status == CRUX_OK) return CRUX_OK;
    (void)snprintf(c->message, sizeof c->message, "cannot open the model: %.100s%s%s", what,
                   what[0] != 0 ? ": " : "", crux_status_text(status));
    challenger_engine_close(engine);
    return status;
}

enum crux_status challenger_model_whole(struct crux_challenger *c, struct challenger_model *model) {
    if (model->whole.engine != NULL) return CRUX_OK;
    return challenger_engine_open(&model->whole, c, model, NULL, 0);
}

void challenger_model_close(struct challenger_model *model) {
    if (model->is_committed) crux_committed_model_free(&model->committed);
    challenger_engine_close(&model->whole);
    if (model->is_file) crux_model_file_close(&model->file);
    free(model);
}

/* What its policy is worth against one lie in one claim. */
static void say_policy(const struct crux_challenger *c, const struct challenger_model *model) {
    uint32_t all = model->file.program.header.layers;
    double found = (double)c->options.share / CRUX_CHALLENGER_ALL;
    if (challenger_audits_layers(c, model)) found *= (double)c->options.layers / all;
    if (found <= 0 || found >= 1) return;
    challenger_say(c, CRUX_CHALLENGER_INFO, "policy",
                   "%u of %u layers of %.4g%% of claims: a lie in one layer is found with "
                   "probability %.4g; it pays an executor who gains more than %.4g of its bond",
                   challenger_audits_layers(c, model) ? (unsigned)c->options.layers : (unsigned)all,
                   (unsigned)all, c->options.share * 100.0 / CRUX_CHALLENGER_ALL, found,
                   found / (1 - found));
}

static enum crux_status ready_model(struct crux_challenger *c, struct challenger_model *model,
                                    const char *path, char message[CRUX_CHALLENGER_MESSAGE_BYTES]) {
    char why[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_status status = crux_model_file_open(&model->file, path, why);
    model->is_file = status == CRUX_OK;
    if (status == CRUX_OK) status = crux_model_file_verify(&model->file, why, NULL, NULL);
    if (status != CRUX_OK) {
        (void)snprintf(message, CRUX_CHALLENGER_MESSAGE_BYTES, "'%.200s': %.250s", path, why);
        return status;
    }
    if (challenger_model_of(c, model->file.root) != NULL) {
        (void)snprintf(message, CRUX_CHALLENGER_MESSAGE_BYTES,
                       "'%.200s' is a model that is given twice", path);
        return CRUX_E_DUPLICATE_NAME;
    }
    say_policy(c, model);
    if (challenger_audits_layers(c, model)) return CRUX_OK;
    status = challenger_model_whole(c, model);
    if (status != CRUX_OK) memcpy(message, c->message, CRUX_CHALLENGER_MESSAGE_BYTES);
    return status;
}

enum crux_status crux_challenger_model(struct crux_challenger *c, const char *path,
                                       uint8_t root[32],
                                       char message[CRUX_CHALLENGER_MESSAGE_BYTES]) {
    if (c->model_count == CRUX_CHALLENGER_MODELS_MAX) {
        (void)snprintf(message, CRUX_CHALLENGER_MESSAGE_BYTES, "at most %d models",
                       (int)CRUX_CHALLENGER_MODELS_MAX);
        return CRUX_E_USAGE;
    }
    struct challenger_model *model = calloc(1, sizeof *model);
    if (model == NULL) return CRUX_E_OUT_OF_MEMORY;
    enum crux_status status = ready_model(c, model, path, message);
    if (status != CRUX_OK) {
        challenger_model_close(model);
        return status;
    }
    memcpy(root, model->file.root, 32);
    c->model[c->model_count++] = model;
    return CRUX_OK;
}
