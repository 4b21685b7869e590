/* Rates of the engine on a decoder with a name and random weights.  bench_engine [NAME [BACKEND [THREADS]]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/engine/engine.h"

enum { PROMPT = 256, CHOSEN = 33 };

static void need(enum crux_status status, const char *what) {
    if (status == CRUX_OK) return;
    printf("%s: %s\n", what, crux_status_name(status));
    exit(1);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "smollm2-135m", *backend = argc > 2 ? argv[2] : NULL;
    struct crux_engine_options options = {.threads =
                                              argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 1};
    static uint32_t tokens[PROMPT];
    struct crux_engine_request request = {.fields = {.request_tokens = PROMPT, .limit = CHOSEN},
                                          .tokens = tokens};
    struct crux_fused_decoder config;
    struct crux_program program = {.op_count = 0};
    struct crux_model_memory memory = {NULL, 0};
    struct crux_engine_model *model;
    struct crux_engine *engine;
    struct crux_engine_result result;
    char what[CRUX_NAME_BYTES];
    if (!crux_fused_decoder_named(&config, name)) return 2;
    for (uint32_t i = 0; i < PROMPT; i++) tokens[i] = i * 2654435761U % config.vocab;
    need(crux_fused_decoder(&program, &config, what), what);
    need(crux_model_generate(&memory, &program, 1), "weights");
    for (uint32_t i = 0; i < program.tensor_count; i++)
        need(crux_fused_decoder_table(&config, program.tensors[i].name, memory.tensors[i].bytes,
                                      memory.tensors[i].len),
             "tables");
    struct crux_engine_source source = {.config = &config, .program = &program, .memory = &memory};
    need(crux_engine_model_open(&model, &source, backend, what), what);
    need(crux_engine_open(&engine, model, &options), "engine");
    need(crux_engine_generate(engine, NULL, &request, NULL, &result), "run");
    printf("%s, %s, %u threads: prefill %.1f/s, decode %.1f/s, commitment %.2f%%, saturated %llu\n",
           name, crux_engine_model_backend(model), options.threads, PROMPT / result.prefill_seconds,
           (CHOSEN - 1) / result.decode_seconds, 100 * result.commit_share,
           (unsigned long long)result.saturated);
    crux_engine_result_free(&result);
    crux_engine_close(engine);
    crux_engine_model_close(model);
    crux_model_memory_free(&memory);
    crux_program_free(&program);
    return 0;
}
