#include "cli/simulate_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/prompt.h"

enum { REQUEST_TOKENS = 9, CHOSEN_TOKENS = 8, MAX_TOKENS = 32 };

static const char default_prompt[] = "What is the capital of France?";

const struct crux_program *crux_cli_simulate_program(const struct crux_cli_simulate_model *model) {
    return model->from_file ? &model->loaded.file.program : &model->program;
}

static void fill_request(struct crux_cli_simulate_model *model, uint32_t limit, int32_t temperature,
                         struct crux_cli_random *random) {
    struct crux_request *fields = &model->request.fields;
    model->request.tokens = model->tokens.id;
    fields->request_tokens = (uint32_t)model->tokens.count;
    fields->limit = limit;
    fields->param[CRUX_SAMPLE_TEMPERATURE] = temperature;
    fields->param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE;
    fields->param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE;
    for (unsigned i = 0; i < 32; i++) {
        fields->seed[i] = (uint8_t)crux_cli_random_next(random);
        fields->nonce[i] = (uint8_t)crux_cli_random_next(random);
    }
}

enum crux_status crux_cli_simulate_engine(struct crux_engine_model **engine,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_model_memory *memory) {
    const struct crux_engine_source source = {
        .config = model->from_file ? &model->loaded.file.config.decoder : &model->decoder,
        .program = crux_cli_simulate_program(model),
        .memory = memory};
    return crux_engine_model_open(engine, &source, NULL, NULL);
}

/* ---- generated ---- */

static enum crux_status fill_memory(struct crux_cli_simulate_model *model) {
    for (uint32_t i = 0; i < model->memory.count; i++) {
        struct crux_model_bytes *tensor = &model->memory.tensors[i];
        enum crux_status status = crux_fused_decoder_table(
            &model->decoder, model->program.tensors[i].name, tensor->bytes, tensor->len);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status generate(struct crux_cli_simulate_model *model, uint64_t seed,
                                 struct crux_cli_random *random) {
    static const uint8_t manifest[] = "crux demo";
    if (!crux_fused_decoder_named(&model->decoder, "tiny")) return CRUX_E_INTERNAL;
    enum crux_status status = crux_fused_decoder(&model->program, &model->decoder, NULL);
    if (status == CRUX_OK) status = crux_model_generate(&model->memory, &model->program, seed);
    if (status == CRUX_OK) status = fill_memory(model);
    if (status == CRUX_OK)
        status = crux_committed_model_init(&model->model, &model->program, &model->memory, manifest,
                                           sizeof manifest - 1);
    if (status == CRUX_OK) status = crux_cli_simulate_engine(&model->engine, model, &model->memory);
    for (unsigned i = 0; status == CRUX_OK && i < REQUEST_TOKENS; i++)
        status = crux_tokens_add(
            &model->tokens, (uint32_t)crux_cli_random_below(random, model->program.header.vocab));
    return status;
}

static void weigh(struct crux_cli_simulate_model *model) {
    for (uint32_t i = 0; i < model->model.memory->count; i++)
        model->weight_bytes += model->model.memory->tensors[i].len;
}

static enum crux_cli_exit open_generated(struct crux_cli_simulate_model *model,
                                         const struct crux_cli_call *call, uint64_t seed,
                                         struct crux_cli_random *random) {
    enum crux_status status = generate(model, seed, random);
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "the model: %s", crux_status_text(status));
    weigh(model);
    model->threads = 1; /* there is not enough to do for more */
    fill_request(model, CHOSEN_TOKENS, CRUX_SAMPLE_ONE, random);
    return CRUX_CLI_OK;
}

/* ---- from a file ---- */

static enum crux_cli_exit open_file(struct crux_cli_simulate_model *model,
                                    const struct crux_cli_call *call, const char *path,
                                    const char *prompt, uint32_t limit,
                                    struct crux_cli_random *random) {
    char message[CRUX_MODEL_MESSAGE_BYTES];
    struct crux_cli_prompt said = {.text = prompt, .chat = true};
    enum crux_status status = crux_engine_load(&model->loaded, path, NULL, message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    model->from_file = true;
    struct crux_model_file *file = &model->loaded.file;
    status = crux_committed_model_init(&model->model, &file->program, &file->memory,
                                       file->manifest.bytes, file->manifest.len);
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "%s: %s", path, crux_status_text(status));
    weigh(model);
    enum crux_cli_exit code = crux_cli_prompt_tokenizer(&model->tokenizer, call, file);
    said.chat = file->chat_template.len != 0;
    if (code == CRUX_CLI_OK)
        code = crux_cli_prompt_encode(&model->tokens, call, file, model->tokenizer, &said);
    if (code != CRUX_CLI_OK) return code;
    if (model->tokens.count >= file->program.header.context)
        return crux_cli_fail(call, CRUX_E_REQUEST_INVALID,
                             "the prompt has %zu tokens, and the model takes %u",
                             model->tokens.count, (unsigned)file->program.header.context);
    fill_request(model, limit, 0, random);
    model->request.fields.stop_count =
        crux_tokenizer_stops(model->request.fields.stop, CRUX_STOPS_MAX, model->tokenizer);
    return CRUX_CLI_OK;
}

/* ---- both ---- */

enum crux_cli_exit crux_cli_simulate_model_open(struct crux_cli_simulate_model *model,
                                                const struct crux_cli_call *call, uint64_t seed,
                                                struct crux_cli_random *random) {
    const struct crux_cli_value *option = call->option;
    const struct crux_cli_value *prompt = &option[CRUX_CLI_SIMULATE_PROMPT],
                                *limit = &option[CRUX_CLI_SIMULATE_MAX_TOKENS];
    if (option[CRUX_CLI_SIMULATE_MODEL].given) {
        model->threads = (unsigned)option[CRUX_CLI_SIMULATE_THREADS].number;
        return open_file(model, call, option[CRUX_CLI_SIMULATE_MODEL].text,
                         prompt->given ? prompt->text : default_prompt,
                         limit->given ? (uint32_t)limit->number : (uint32_t)MAX_TOKENS, random);
    }
    for (unsigned i = CRUX_CLI_SIMULATE_MODEL + 1; i < CRUX_CLI_SIMULATE_MODEL_OPTIONS; i++) {
        if (option[i].given)
            return crux_cli_fail(call, CRUX_E_USAGE, "--%s goes with --model",
                                 call->command->options[i].name);
    }
    return open_generated(model, call, seed, random);
}

void crux_cli_simulate_model_sample(struct crux_cli_simulate_model *model) {
    int32_t *param = model->request.fields.param;
    param[CRUX_SAMPLE_TEMPERATURE] = CRUX_SAMPLE_ONE;
    param[CRUX_SAMPLE_TOP_K] = 40;
    param[CRUX_SAMPLE_TOP_P] = CRUX_SAMPLE_ONE / 10 * 9;
    param[CRUX_SAMPLE_MIN_P] = CRUX_SAMPLE_ONE / 100;
    param[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE / 10 * 11;
}

enum crux_status crux_cli_simulate_run_of(struct crux_archive **archive,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_archive_request *request,
                                          const struct crux_lie *lie,
                                          struct crux_engine_model *engine_model) {
    if (engine_model == NULL) engine_model = model->from_file ? model->loaded.model : model->engine;
    return crux_archive_run_fast(archive, &model->model, engine_model, model->threads, request,
                                 lie);
}

enum crux_status crux_cli_simulate_run(struct crux_archive **archive,
                                       const struct crux_cli_simulate_model *model,
                                       const struct crux_lie *lie) {
    return crux_cli_simulate_run_of(archive, model, &model->request, lie, NULL);
}

enum crux_status crux_cli_simulate_answer(struct crux_text *text,
                                          const struct crux_cli_simulate_model *model,
                                          const struct crux_run *run) {
    struct crux_detokenizer detokenizer;
    char number[16];
    enum crux_status status = CRUX_OK;
    if (model->tokenizer != NULL) crux_detokenizer_init(&detokenizer, model->tokenizer, 0);
    for (uint32_t i = 0; status == CRUX_OK && i < run->chosen; i++) {
        if (model->tokenizer != NULL) {
            status = crux_detokenizer_feed(&detokenizer, text, run->tokens[i], NULL);
            continue;
        }
        (void)snprintf(number, sizeof number, "%s%u", i == 0 ? "" : " ", (unsigned)run->tokens[i]);
        status = crux_text_put(text, number);
    }
    if (status == CRUX_OK && model->tokenizer != NULL)
        status = crux_detokenizer_flush(&detokenizer, text, NULL);
    return status;
}

void crux_cli_simulate_model_close(struct crux_cli_simulate_model *model) {
    crux_committed_model_free(&model->model);
    crux_tokens_free(&model->tokens);
    crux_tokenizer_close(model->tokenizer);
    if (model->from_file) crux_engine_unload(&model->loaded);
    crux_engine_model_close(model->engine);
    crux_model_memory_free(&model->memory);
    crux_program_free(&model->program);
}
