/* A small decoder with random weights, its run by the interpreter, and runs by the engine to compare with it. */
#ifndef CRUX_TESTS_EXECUTOR_ENGINE_ENGINE_FIXTURE_H
#define CRUX_TESTS_EXECUTOR_ENGINE_ENGINE_FIXTURE_H

#include "executor/engine/engine.h"
#include "tests/support/random.h"

enum { FIXTURE_TOKENS_MAX = 160 };

/* A model and one request, with everything that the law makes of it. */
struct engine_fixture {
    struct crux_fused_decoder config;
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_committed_model model;
    uint32_t tokens[FIXTURE_TOKENS_MAX];
    struct crux_engine_request request;
    struct crux_archive *archive;
};

/* Any decoder that is small: every option of the family. */
void engine_fixture_random_config(struct crux_fused_decoder *config, struct crux_random *random,
                                  uint32_t context);
/* Lowers config, makes weights.  In: seed. */
void engine_fixture_init(struct engine_fixture *f, const struct crux_fused_decoder *config,
                         struct crux_random *random);
/* Out: config, with everything that local and global blocks, norms after branches and caps bring, all at once. */
void engine_fixture_two_kinds(struct crux_fused_decoder *config, uint32_t context);
/* Makes a request of n tokens and runs it by the interpreter.  In: temperature, Q16. */
void engine_fixture_ask(struct engine_fixture *f, struct crux_random *random, uint32_t n,
                        uint32_t limit, int32_t temperature);
void engine_fixture_free(struct engine_fixture *f);

struct engine_pair {
    struct crux_engine_model *model;
    struct crux_engine *engine;
};
/* Opens the model for a backend, and an engine on it. */
void engine_pair_open(struct engine_pair *pair, const struct engine_fixture *f, const char *backend,
                      const struct crux_engine_options *options);
void engine_pair_close(struct engine_pair *pair);

/* Returns: the names of the backends that run here; *count of them. */
const char *const *engine_backends(size_t *count);

#endif
