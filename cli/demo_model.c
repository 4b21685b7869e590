#include "cli/demo_model.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/prompt.h"

enum { REQUEST_TOKENS = 9, CHOSEN_TOKENS = 8, MAX_TOKENS = 32 };

static const char default_prompt[] = "What is the capital of France?";

const struct crux_program *crux_cli_demo_program(const struct crux_cli_demo_model *model) {
    return model->from_file ? &model->loaded.file.program : &model->program;
}

static void fill_request(struct crux_cli_demo_model *model, uint32_t limit, int32_t temperature,
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

/* ---- generated ---- */

static enum crux_status fill_memory(struct crux_cli_demo_model *model,
                                    const struct crux_fused_decoder *config) {
    for (uint32_t i = 0; i < model->memory.count; i++) {
        struct crux_model_bytes *tensor = &model->memory.tensors[i];
        enum crux_status status = crux_fused_decoder_table(config, model->program.tensors[i].name,
                                                           tensor->bytes, tensor->len);
        if (status != CRUX_OK) return status;
    }
    return CRUX_OK;
}

static enum crux_status generate(struct crux_cli_demo_model *model, uint64_t seed,
                                 struct crux_cli_random *random) {
    static const uint8_t manifest[] = "crux demo";
    struct crux_fused_decoder config;
    if (!crux_fused_decoder_named(&config, "tiny")) return CRUX_E_INTERNAL;
    enum crux_status status = crux_fused_decoder(&model->program, &config, NULL);
    if (status == CRUX_OK) status = crux_model_generate(&model->memory, &model->program, seed);
    if (status == CRUX_OK) status = fill_memory(model, &config);
    if (status == CRUX_OK)
        status = crux_committed_model_init(&model->model, &model->program, &model->memory, manifest,
                                           sizeof manifest - 1);
    for (unsigned i = 0; status == CRUX_OK && i < REQUEST_TOKENS; i++)
        status = crux_tokens_add(
            &model->tokens, (uint32_t)crux_cli_random_below(random, model->program.header.vocab));
    return status;
}

static void weigh(struct crux_cli_demo_model *model) {
    for (uint32_t i = 0; i < model->model.memory->count; i++)
        model->weight_bytes += model->model.memory->tensors[i].len;
}

static enum crux_cli_exit open_generated(struct crux_cli_demo_model *model,
                                         const struct crux_cli_call *call, uint64_t seed,
                                         struct crux_cli_random *random) {
    enum crux_status status = generate(model, seed, random);
    if (status != CRUX_OK)
        return crux_cli_fail(call, status, "the model: %s", crux_status_text(status));
    weigh(model);
    fill_request(model, CHOSEN_TOKENS, CRUX_SAMPLE_ONE, random);
    return CRUX_CLI_OK;
}

/* ---- from a file ---- */

static enum crux_cli_exit open_file(struct crux_cli_demo_model *model,
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

enum crux_cli_exit crux_cli_demo_model_open(struct crux_cli_demo_model *model,
                                            const struct crux_cli_call *call, uint64_t seed,
                                            struct crux_cli_random *random) {
    const struct crux_cli_value *option = call->option;
    const struct crux_cli_value *prompt = &option[CRUX_CLI_DEMO_PROMPT],
                                *limit = &option[CRUX_CLI_DEMO_MAX_TOKENS];
    if (option[CRUX_CLI_DEMO_MODEL].given) {
        model->threads = (unsigned)option[CRUX_CLI_DEMO_THREADS].number;
        return open_file(model, call, option[CRUX_CLI_DEMO_MODEL].text,
                         prompt->given ? prompt->text : default_prompt,
                         limit->given ? (uint32_t)limit->number : (uint32_t)MAX_TOKENS, random);
    }
    for (unsigned i = CRUX_CLI_DEMO_MODEL + 1; i < CRUX_CLI_DEMO_MODEL_OPTIONS; i++) {
        if (option[i].given)
            return crux_cli_fail(call, CRUX_E_USAGE, "--%s goes with --model",
                                 call->command->options[i].name);
    }
    return open_generated(model, call, seed, random);
}

enum crux_status crux_cli_demo_archive_of(struct crux_archive **archive,
                                          const struct crux_cli_demo_model *model,
                                          const struct crux_archive_request *request,
                                          const struct crux_lie *lie,
                                          struct crux_engine_model *engine_model) {
    if (!model->from_file) return crux_archive_run(archive, &model->model, request, lie);
    return crux_archive_run_fast(archive, &model->model,
                                 engine_model != NULL ? engine_model : model->loaded.model,
                                 model->threads, request, lie);
}

enum crux_status crux_cli_demo_archive(struct crux_archive **archive,
                                       const struct crux_cli_demo_model *model,
                                       const struct crux_lie *lie) {
    return crux_cli_demo_archive_of(archive, model, &model->request, lie, NULL);
}

enum crux_status crux_cli_demo_answer(struct crux_text *text,
                                      const struct crux_cli_demo_model *model,
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

void crux_cli_demo_model_close(struct crux_cli_demo_model *model) {
    crux_committed_model_free(&model->model);
    crux_tokens_free(&model->tokens);
    crux_tokenizer_close(model->tokenizer);
    if (model->from_file) crux_engine_unload(&model->loaded);
    crux_model_memory_free(&model->memory);
    crux_program_free(&model->program);
}
