/* What a demo runs: a generated model and random tokens, or a model file and a prompt. */
#ifndef CRUX_CLI_DEMO_MODEL_H
#define CRUX_CLI_DEMO_MODEL_H

#include "cli/command.h"
#include "cli/random.h"
#include "executor/engine/engine.h"
#include "executor/tokenizer/tokenizer.h"

/* Zeroed: nothing is open. */
struct crux_cli_demo_model {
    bool from_file;
    struct crux_committed_model model;
    uint64_t weight_bytes;
    struct crux_tokens tokens; /* of the request */
    struct crux_archive_request request;
    /* generated */
    struct crux_program program;
    struct crux_model_memory memory;
    /* from a file */
    struct crux_engine_loaded loaded;
    struct crux_tokenizer *tokenizer;
    unsigned threads;
};

/* Out: model, to be closed, on failure too.  Returns: CRUX_CLI_OK, or a failure that has been said. */
enum crux_cli_exit crux_cli_demo_generate(struct crux_cli_demo_model *model,
                                          const struct crux_cli_call *call, uint64_t seed,
                                          struct crux_cli_random *random);
/* In: path; prompt, what a user says; limit, tokens of the answer. */
enum crux_cli_exit crux_cli_demo_open(struct crux_cli_demo_model *model,
                                      const struct crux_cli_call *call, const char *path,
                                      const char *prompt, uint32_t limit,
                                      struct crux_cli_random *random);
void crux_cli_demo_model_close(struct crux_cli_demo_model *model);

const struct crux_program *crux_cli_demo_program(const struct crux_cli_demo_model *model);

/* A run of the request: a model file's by the engine, else element by element.  As crux_archive_run. */
CRUX_MUST_CHECK
enum crux_status crux_cli_demo_archive(struct crux_archive **archive,
                                       const struct crux_cli_demo_model *model,
                                       const struct crux_lie *lie);

/* The same for another request, or by an engine model with other constants.
 * In: engine_model, NULL for the model's own; not looked at unless the model is from a file. */
CRUX_MUST_CHECK
enum crux_status crux_cli_demo_archive_of(struct crux_archive **archive,
                                          const struct crux_cli_demo_model *model,
                                          const struct crux_archive_request *request,
                                          const struct crux_lie *lie,
                                          struct crux_engine_model *engine_model);

/* Out: text, appended: the chosen tokens as text, or as numbers if there is no tokenizer. */
CRUX_MUST_CHECK
enum crux_status crux_cli_demo_answer(struct crux_text *text,
                                      const struct crux_cli_demo_model *model,
                                      const struct crux_run *run);

#endif
