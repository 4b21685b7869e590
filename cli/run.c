/* crux run: text from a prompt, and the root that commits how it came about. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "cli/output.h"
#include "cli/prompt.h"

enum {
    OPTION_PROMPT,
    OPTION_TOKENS,
    OPTION_MAX_TOKENS,
    OPTION_TEMPERATURE,
    OPTION_TOP_P,
    OPTION_TOP_K,
    OPTION_MIN_P,
    OPTION_PENALTY,
    OPTION_SEED,
    OPTION_BACKEND,
    OPTION_THREADS,
    OPTION_PIN,
    OPTION_CHAT,
    OPTION_CHAT_TEMPLATE,
    OPTION_SYSTEM,
    OPTION_SPECULATE,
    OPTION_NO_COMMIT,
    OPTION_COUNT
};

const struct crux_cli_option crux_cli_run_options[] = {
    [OPTION_PROMPT] = {.name = "prompt",
                       .letter = 'p',
                       .kind = CRUX_CLI_TEXT,
                       .value = "TEXT",
                       .help = "what the text begins with"},
    [OPTION_TOKENS] = {.name = "tokens",
                       .kind = CRUX_CLI_TEXT,
                       .value = "IDS",
                       .help = "the same as token ids: 1,2,3"},
    [OPTION_MAX_TOKENS] = {.name = "max-tokens",
                           .letter = 'n',
                           .kind = CRUX_CLI_NUMBER,
                           .value = "N",
                           .help = "stop after N tokens (default 128)",
                           .least = 1,
                           .most = CRUX_CONTEXT_MAX},
    [OPTION_TEMPERATURE] = {.name = "temperature",
                            .kind = CRUX_CLI_TEXT,
                            .value = "X",
                            .help = "0 to 16 (default 0: always the likeliest token)"},
    [OPTION_TOP_P] = {.name = "top-p",
                      .kind = CRUX_CLI_TEXT,
                      .value = "X",
                      .help = "draw from the likeliest that hold this share (default 1)"},
    [OPTION_TOP_K] = {.name = "top-k",
                      .kind = CRUX_CLI_NUMBER,
                      .value = "N",
                      .help = "draw from the N likeliest (default 0: from all)",
                      .most = 1 << 24},
    [OPTION_MIN_P] = {.name = "min-p",
                      .kind = CRUX_CLI_TEXT,
                      .value = "X",
                      .help = "draw from those at least X times as likely as the best (default 0)"},
    [OPTION_PENALTY] = {.name = "repeat-penalty",
                        .kind = CRUX_CLI_TEXT,
                        .value = "X",
                        .help = "of tokens seen lately, 0.0625 to 16 (default 1: none)"},
    [OPTION_SEED] = {.name = "seed",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "N",
                     .help = "of the draws (default 0)",
                     .most = INT64_MAX},
    [OPTION_BACKEND] = {.name = "backend",
                        .kind = CRUX_CLI_TEXT,
                        .value = "NAME",
                        .help = "of the matrix kernels (default: the best that works here)"},
    [OPTION_THREADS] = {.name = "threads",
                        .letter = 't',
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "default: one for each core it may use",
                        .least = 1,
                        .most = CRUX_THREADS_MAX},
    [OPTION_PIN] = {.name = "pin",
                    .kind = CRUX_CLI_TEXT,
                    .value = "none|cores|LIST",
                    .help = "hold threads on cores, or on processors: 0,2-3 (default none)"},
    [OPTION_CHAT] = {.name = "chat", .help = "the prompt is what a user says to the model"},
    [OPTION_CHAT_TEMPLATE] = {.name = "chat-template",
                              .kind = CRUX_CLI_TEXT,
                              .value = "NAME",
                              .help = "the form of a chat, if not the model's own; implies --chat"},
    [OPTION_SYSTEM] = {.name = "system",
                       .kind = CRUX_CLI_TEXT,
                       .value = "TEXT",
                       .help = "what a chat begins with; implies --chat"},
    [OPTION_SPECULATE] = {.name = "speculate",
                          .kind = CRUX_CLI_TEXT,
                          .value = "on|off|auto",
                          .help = "compute ahead on tokens guessed from the text so far (default "
                                  "auto: while that pays); the answer and its roots are the same"},
    [OPTION_NO_COMMIT] = {.name = "no-commit", .help = "hash nothing: there is no trace root"},
    [OPTION_COUNT] = {.name = NULL},
};

enum { MAX_TOKENS = 128 };

struct run {
    const struct crux_cli_call *call;
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    struct crux_tokenizer *tokenizer; /* may be NULL */
    struct crux_tokens prompt;
    struct crux_engine_request request;
    struct crux_engine_result result;
    enum crux_engine_speculate speculate;
    struct crux_detokenizer detokenizer;
    struct crux_text text; /* of the answer */
    size_t shown;          /* bytes of it that are on standard output */
    enum crux_status status;
};

static bool given(const struct run *run, unsigned option) {
    return run->call->option[option].given;
}

/* ---- the request ---- */

struct decimal {
    unsigned option;
    enum crux_sample_param param;
};

static enum crux_cli_exit take_decimal(struct run *run, const struct decimal *decimal) {
    const struct crux_cli_value *value = &run->call->option[decimal->option];
    struct crux_sample_range range;
    if (!value->given ||
        crux_sampling_set(run->request.fields.param, decimal->param, value->text, &range))
        return CRUX_CLI_OK;
    return crux_cli_fail(run->call, CRUX_E_USAGE, "--%s takes a number from %g to %g, not '%.50s'",
                         crux_cli_run_options[decimal->option].name, range.lo / 65536.0,
                         range.hi / 65536.0, value->text);
}

/* Returns: false for a word that is none. */
static bool take_speculate(enum crux_engine_speculate *speculate,
                           const struct crux_cli_value *value) {
    static const char *const words[] = {[CRUX_ENGINE_SPECULATE_OFF] = "off",
                                        [CRUX_ENGINE_SPECULATE_ON] = "on",
                                        [CRUX_ENGINE_SPECULATE_AUTO] = "auto"};
    *speculate = CRUX_ENGINE_SPECULATE_AUTO;
    if (!value->given) return true;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(words); i++) {
        if (strcmp(value->text, words[i]) != 0) continue;
        *speculate = (enum crux_engine_speculate)i;
        return true;
    }
    return false;
}

static enum crux_cli_exit take_request(struct run *run) {
    static const struct decimal decimals[] = {{OPTION_TEMPERATURE, CRUX_SAMPLE_TEMPERATURE},
                                              {OPTION_TOP_P, CRUX_SAMPLE_TOP_P},
                                              {OPTION_MIN_P, CRUX_SAMPLE_MIN_P},
                                              {OPTION_PENALTY, CRUX_SAMPLE_PENALTY}};
    const struct crux_cli_value *option = run->call->option;
    struct crux_request *fields = &run->request.fields;
    uint32_t context = run->loaded.file.program.header.context;
    crux_sampling_plain(fields->param);
    for (size_t i = 0; i < CRUX_ARRAY_LEN(decimals); i++) {
        enum crux_cli_exit code = take_decimal(run, &decimals[i]);
        if (code != CRUX_CLI_OK) return code;
    }
    fields->param[CRUX_SAMPLE_TOP_K] = (int32_t)option[OPTION_TOP_K].number;
    crux_sampling_seed(fields->seed, option[OPTION_SEED].number);
    fields->limit = given(run, OPTION_MAX_TOKENS) ? (uint32_t)option[OPTION_MAX_TOKENS].number
                                                  : (uint32_t)MAX_TOKENS;
    if (run->prompt.count > context)
        return crux_cli_fail(run->call, CRUX_E_REQUEST_INVALID,
                             "the prompt has %zu tokens, and the model takes %u", run->prompt.count,
                             (unsigned)context);
    fields->request_tokens = (uint32_t)run->prompt.count;
    run->request.tokens = run->prompt.id;
    if (run->tokenizer != NULL)
        fields->stop_count = crux_tokenizer_stops(fields->stop, CRUX_STOPS_MAX, run->tokenizer);
    return CRUX_CLI_OK;
}

/* ---- the answer ---- */

static void show(struct run *run) {
    if (run->call->json) return;
    (void)fwrite(run->text.bytes + run->shown, 1, run->text.len - run->shown, stdout);
    (void)fflush(stdout);
    run->shown = run->text.len;
}

static bool on_token(void *ctx, uint32_t token) {
    struct run *run = ctx;
    char id[16];
    if (run->tokenizer != NULL) {
        run->status = crux_detokenizer_feed(&run->detokenizer, &run->text, token, NULL);
    } else {
        (void)snprintf(id, sizeof id, "%s%u", run->text.len == 0 ? "" : ",", (unsigned)token);
        run->status = crux_text_put(&run->text, id);
    }
    show(run);
    return run->status == CRUX_OK;
}

static double rate(uint64_t tokens, double seconds) {
    return seconds > 0 ? (double)tokens / seconds : 0;
}

static json_t *describe(const struct run *run) {
    const struct crux_engine_result *r = &run->result;
    json_t *ids = json_array(), *prompt = json_array();
    for (uint32_t i = 0; i < r->count; i++)
        (void)json_array_append_new(ids, json_integer(r->tokens[i]));
    for (size_t i = 0; i < run->prompt.count; i++)
        (void)json_array_append_new(prompt, json_integer(run->prompt.id[i]));
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:f, s:f, s:f, s:s, s:I, s:o, s:o, s:I, s:I, s:I}", "text",
        json_stringn(run->text.bytes == NULL ? "" : run->text.bytes, run->text.len), "tokens", ids,
        "prompt_tokens", prompt, "prefill_tokens_per_second",
        rate(run->prompt.count, r->prefill_seconds), "decode_tokens_per_second",
        rate(r->count - 1, r->decode_seconds), "commit_share", r->commit_share, "backend",
        crux_engine_model_backend(run->loaded.model), "threads",
        (json_int_t)crux_engine_threads(run->engine), "model_root",
        crux_json_of_bytes(r->claim.model_root, 32), "request_hash",
        crux_json_of_bytes(r->claim.request_hash, 32), "saturated", (json_int_t)r->saturated,
        "drafted", (json_int_t)r->drafted, "accepted", (json_int_t)r->accepted);
    if (object == NULL || given(run, OPTION_NO_COMMIT)) return object;
    (void)json_object_set_new(object, "trace_root", crux_json_of_bytes(r->claim.trace_root, 32));
    (void)json_object_set_new(object, "output_root", crux_json_of_bytes(r->claim.output_root, 32));
    return object;
}

static void say(const struct run *run) {
    const struct crux_cli_style *style = crux_cli_style();
    const struct crux_engine_result *r = &run->result;
    printf("\n\n%sprompt %zu tokens, %.1f a second; answer %u tokens, %.1f a second; commitment "
           "%.2f%% of the time%s\n",
           style->dim, run->prompt.count, rate(run->prompt.count, r->prefill_seconds),
           (unsigned)r->count, rate(r->count - 1, r->decode_seconds), 100 * r->commit_share,
           style->off);
    if (r->drafted != 0)
        printf("%u tokens guessed, %u of them right\n", (unsigned)r->drafted,
               (unsigned)r->accepted);
    if (r->saturated != 0)
        printf("%llu values of the residual stream reached the end of their range\n",
               (unsigned long long)r->saturated);
    if (given(run, OPTION_NO_COMMIT)) return;
    printf("trace root ");
    for (unsigned i = 0; i < 32; i++) printf("%02x", r->claim.trace_root[i]);
    printf("\n");
}

static enum crux_cli_exit answer(struct run *run) {
    const struct crux_engine_generate_options how = {
        .token = on_token, .ctx = run, .speculate = run->speculate};
    enum crux_status status =
        crux_engine_generate(run->engine, run->loaded.file.root, &run->request, &how, &run->result);
    if (status == CRUX_OK && run->tokenizer != NULL && run->status == CRUX_OK)
        run->status = crux_detokenizer_flush(&run->detokenizer, &run->text, NULL);
    if (status == CRUX_OK) status = run->status;
    if (status != CRUX_OK)
        return crux_cli_fail(run->call, status, "the run: %s", crux_status_text(status));
    show(run);
    if (run->call->json) return crux_cli_answer(run->call, describe(run));
    say(run);
    return CRUX_CLI_OK;
}

static enum crux_cli_exit run_loaded(struct run *run) {
    const struct crux_cli_value *option = run->call->option;
    struct crux_cli_prompt prompt = {.text = option[OPTION_PROMPT].text,
                                     .tokens = option[OPTION_TOKENS].text,
                                     .chat = given(run, OPTION_CHAT) ||
                                             given(run, OPTION_CHAT_TEMPLATE) ||
                                             given(run, OPTION_SYSTEM),
                                     .chat_template = option[OPTION_CHAT_TEMPLATE].text,
                                     .system = option[OPTION_SYSTEM].text};
    struct crux_engine_options engine = {.threads = (unsigned)option[OPTION_THREADS].number,
                                         .pin = option[OPTION_PIN].text,
                                         .no_commit = given(run, OPTION_NO_COMMIT)};
    enum crux_cli_exit code =
        crux_cli_prompt_tokenizer(&run->tokenizer, run->call, &run->loaded.file);
    if (code == CRUX_CLI_OK)
        code = crux_cli_prompt_encode(&run->prompt, run->call, &run->loaded.file, run->tokenizer,
                                      &prompt);
    if (code == CRUX_CLI_OK) code = take_request(run);
    if (code != CRUX_CLI_OK) return code;
    crux_detokenizer_init(&run->detokenizer, run->tokenizer, 0);
    enum crux_status status = crux_engine_open(&run->engine, run->loaded.model, &engine);
    if (status != CRUX_OK)
        return crux_cli_fail(run->call, status, "the engine: %s%s", crux_status_text(status),
                             status == CRUX_E_USAGE ? CRUX_CLI_PIN_HELP : "");
    return answer(run);
}

enum crux_cli_exit crux_cli_run_run(const struct crux_cli_call *call) {
    struct run run = {.call = call, .status = CRUX_OK};
    const struct crux_cli_value *option = call->option;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (!take_speculate(&run.speculate, &option[OPTION_SPECULATE]))
        return crux_cli_fail(call, CRUX_E_USAGE, "--speculate takes on, off or auto, not '%.50s'",
                             option[OPTION_SPECULATE].text);
    enum crux_status status =
        crux_engine_load(&run.loaded, call->operand[0], option[OPTION_BACKEND].text, message);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    enum crux_cli_exit code = run_loaded(&run);
    crux_engine_result_free(&run.result);
    crux_text_free(&run.text);
    crux_tokens_free(&run.prompt);
    crux_engine_close(run.engine);
    crux_tokenizer_close(run.tokenizer);
    crux_engine_unload(&run.loaded);
    return code;
}
