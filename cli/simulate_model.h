/* What a simulation runs: a generated model and random tokens, or a model file and a prompt. */
#ifndef CRUX_CLI_SIMULATE_MODEL_H
#define CRUX_CLI_SIMULATE_MODEL_H

#include "cli/command.h"
#include "cli/random.h"
#include "executor/engine/engine.h"
#include "executor/tokenizer/tokenizer.h"

/* Zeroed: nothing is open. */
struct crux_cli_simulate_model {
    bool from_file;
    struct crux_committed_model model;
    uint64_t weight_bytes;
    struct crux_tokens tokens; /* of the request */
    struct crux_archive_request request;
    unsigned threads;
    /* generated */
    struct crux_fused_decoder decoder;
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_engine_model *engine;
    /* from a file */
    struct crux_engine_loaded loaded;
    struct crux_tokenizer *tokenizer;
};

/* The options that choose it: the first of every command that has them. */
enum {
    CRUX_CLI_SIMULATE_MODEL,
    CRUX_CLI_SIMULATE_PROMPT,
    CRUX_CLI_SIMULATE_MAX_TOKENS,
    CRUX_CLI_SIMULATE_THREADS,
    CRUX_CLI_SIMULATE_MODEL_OPTIONS /* how many */
};
#define CRUX_CLI_SIMULATE_MODEL_HELP                                                               \
    [CRUX_CLI_SIMULATE_MODEL] =                                                                    \
        {.name = "model",                                                                          \
         .kind = CRUX_CLI_TEXT,                                                                    \
         .value = "M.crux",                                                                        \
         .help = "an imported model, run by the engine (default: a small generated one)"},         \
    [CRUX_CLI_SIMULATE_PROMPT] = {.name = "prompt",                                                \
                                  .kind = CRUX_CLI_TEXT,                                           \
                                  .value = "TEXT",                                                 \
                                  .help = "what to ask the model of --model"},                     \
    [CRUX_CLI_SIMULATE_MAX_TOKENS] = {.name = "max-tokens",                                        \
                                      .kind = CRUX_CLI_NUMBER,                                     \
                                      .value = "N",                                                \
                                      .help = "of the answer, with --model (default 32)",          \
                                      .least = 1,                                                  \
                                      .most = UINT32_MAX},                                         \
    [CRUX_CLI_SIMULATE_THREADS] = {                                                                \
        .name = "threads",                                                                         \
        .kind = CRUX_CLI_NUMBER,                                                                   \
        .value = "N",                                                                              \
        .help = "of the engine, with --model (default: as many as processors)",                    \
        .least = 1,                                                                                \
        .most = 256}

/* Out: model, as the call's options say, to be closed, on failure too.  In: call, of a command with these options.
 * Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_simulate_model_open(struct crux_cli_simulate_model *model,
                                                const struct crux_cli_call *call, uint64_t seed,
                                                struct crux_cli_random *random);
void crux_cli_simulate_model_close(struct crux_cli_simulate_model *model);

const struct crux_program *crux_cli_simulate_program(const struct crux_cli_simulate_model *model);

/* Makes the request one whose tokens are drawn, with every parameter of sampling at work. */
void crux_cli_simulate_model_sample(struct crux_cli_simulate_model *model);

/* An engine model over other constants, to be closed; NULL on failure.  In: memory, which outlives it. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_engine(struct crux_engine_model **engine,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_model_memory *memory);

/* A run of the request by the engine.  As crux_archive_run_fast. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_run(struct crux_archive **archive,
                                       const struct crux_cli_simulate_model *model,
                                       const struct crux_lie *lie);

/* The same for another request, or by an engine model with other constants.
 * In: engine_model, NULL for the model's own. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_run_of(struct crux_archive **archive,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_archive_request *request,
                                          const struct crux_lie *lie,
                                          struct crux_engine_model *engine_model);

/* Out: text, appended: the chosen tokens as text, or as numbers if there is no tokenizer. */
CRUX_MUST_CHECK
enum crux_status crux_cli_simulate_answer(struct crux_text *text,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_run *run);

#endif
