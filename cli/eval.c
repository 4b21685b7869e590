/* crux eval: how well a model predicts a text, and how far it is from floats with the same weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/model_say.h"
#include "cli/output.h"
#include "executor/engine/engine.h"
#include "executor/evaluate/evaluate.h"
#include "executor/tokenizer/tokenizer.h"

enum {
    OPTION_TEXT,
    OPTION_CONTEXT,
    OPTION_AGAINST,
    OPTION_BACKEND,
    OPTION_THREADS,
    OPTION_PIN,
    OPTION_TOKENS,
    OPTION_GREEDY,
    OPTION_COUNT
};

enum { CONTEXT = 512, GREEDY_PROMPT = 32 };

const struct crux_cli_option crux_cli_eval_options[] = {
    [OPTION_TEXT] = {.name = "text",
                     .kind = CRUX_CLI_TEXT,
                     .value = "FILE",
                     .help = "the text, UTF-8; - is standard input (needed)"},
    [OPTION_CONTEXT] = {.name = "context",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "tokens of a window (default 512, or all that the model has)",
                        .least = 2,
                        .most = CRUX_EVALUATE_CONTEXT_MAX},
    [OPTION_AGAINST] = {.name = "against",
                        .kind = CRUX_CLI_TEXT,
                        .value = "SRC",
                        .help =
                            "compare with this by float arithmetic: a GGUF file, or a .crux file "
                            "and its stored weights"},
    [OPTION_BACKEND] = {.name = "backend",
                        .kind = CRUX_CLI_TEXT,
                        .value = "NAME",
                        .help = "of the matrix products (default: the fastest that works here)"},
    [OPTION_PIN] = {.name = "pin",
                    .kind = CRUX_CLI_TEXT,
                    .value = "none|cores|LIST",
                    .help = "hold threads on cores, or on processors: 0,2-3 (default none)"},
    [OPTION_THREADS] = {.name = "threads",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "default: one for each core it may use",
                        .least = 1,
                        .most = 256},
    [OPTION_TOKENS] = {.name = "tokens",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help = "no more than the text's first N tokens",
                       .least = 2,
                       .most = UINT32_MAX},
    [OPTION_GREEDY] = {.name = "greedy",
                       .kind = CRUX_CLI_NUMBER,
                       .value = "N",
                       .help =
                           "with --against: continue each window's first 32 tokens by N, too, and "
                           "say where floats would choose otherwise",
                       .least = 1,
                       .most = CRUX_EVALUATE_CONTEXT_MAX},
    [OPTION_COUNT] = {.name = NULL},
};

/* What a call opens, in this order. Zeroed: nothing is open. */
struct job {
    const struct crux_cli_call *call;
    enum crux_cli_exit code; /* of the first failure, which has been said */
    bool is_loaded;
    struct crux_engine_loaded loaded;
    uint32_t context, bos;
    unsigned threads;
    const char *pin;
    struct crux_tokens tokens;
    struct crux_engine *engine;
    struct crux_engine_logits *logits;
    bool compare, is_stored;
    struct crux_model_file stored;
    struct crux_float_model model;
    struct crux_float_reference *reference;
};

static bool ok(struct job *job, enum crux_status status, const char *what, const char *message) {
    if (status != CRUX_OK) job->code = crux_cli_fail(job->call, status, "%s: %s", what, message);
    return status == CRUX_OK;
}

static bool load(struct job *job) {
    char message[CRUX_MODEL_MESSAGE_BYTES];
    const char *path = job->call->operand[0];
    job->is_loaded = ok(
        job, crux_engine_load(&job->loaded, path, job->call->option[OPTION_BACKEND].text, message),
        path, message);
    if (!job->is_loaded) return false;
    uint32_t most = job->loaded.file.config.decoder.context;
    if (!job->call->option[OPTION_CONTEXT].given && job->context > most) job->context = most;
    if (job->call->option[OPTION_GREEDY].given &&
        job->call->option[OPTION_GREEDY].number + GREEDY_PROMPT > job->context) {
        job->code = crux_cli_fail(job->call, CRUX_E_USAGE,
                                  "--greedy: %d tokens before it and these are more than a window "
                                  "of %u",
                                  GREEDY_PROMPT, (unsigned)job->context);
        return false;
    }
    if (job->context <= most) return true;
    job->code = crux_cli_fail(job->call, CRUX_E_USAGE,
                              "--context %u is more than the %u positions of this model",
                              (unsigned)job->context, (unsigned)most);
    return false;
}

static bool encode(struct job *job, const char *text, size_t len) {
    struct crux_model_span span = job->loaded.file.tokenizer;
    const char *path = job->call->operand[0];
    struct crux_tokenizer_error error = {.text = "has no tokenizer"};
    struct crux_tokenizer_source *source = NULL;
    struct crux_tokenizer *tokenizer = NULL;
    enum crux_status status = CRUX_E_UNSUPPORTED;
    if (span.len != 0) {
        error.text[0] = 0;
        status = crux_tokenizer_source_decode(&source, span.bytes, span.len, &error);
    }
    if (status == CRUX_OK) status = crux_tokenizer_open(&tokenizer, &source, &error);
    bool good = ok(job, status, path, error.text);
    if (good) {
        const struct crux_tokenizer_source *rules = crux_tokenizer_source(tokenizer);
        job->bos = rules->add_bos ? rules->bos : CRUX_EVALUATE_NO_BOS;
        good = ok(job, crux_tokenizer_encode(tokenizer, &job->tokens, NULL, text, len, 0, &error),
                  job->call->option[OPTION_TEXT].text, error.text);
    }
    if (tokenizer != NULL) crux_tokenizer_close(tokenizer);
    crux_tokenizer_source_free(source);
    return good;
}

static bool read_text(struct job *job) {
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *text = NULL;
    size_t len = 0;
    enum crux_status status = crux_cli_file_read(
        &text, &len, message, job->call->option[OPTION_TEXT].text, CRUX_TOKENIZER_TEXT_BYTES_MAX);
    if (status != CRUX_OK) {
        job->code = crux_cli_fail(job->call, status, "%s", message);
        return false;
    }
    bool good = encode(job, (const char *)text, len);
    free(text);
    const struct crux_cli_value *most = &job->call->option[OPTION_TOKENS];
    if (most->given && job->tokens.count > most->number) job->tokens.count = (size_t)most->number;
    return good;
}

static bool open_engine(struct job *job) {
    const struct crux_engine_options options = {
        .threads = job->threads, .pin = job->pin, .rows = CRUX_EVALUATE_ROWS, .no_commit = true};
    return ok(job, crux_engine_open(&job->engine, job->loaded.model, &options),
              job->call->operand[0],
              "the engine could not start; --pin takes none, cores, or processors that this "
              "process "
              "may use") &&
           ok(job,
              crux_engine_logits_open(&job->logits, job->engine, &job->loaded.file.config.decoder,
                                      CRUX_EVALUATE_ROWS),
              job->call->operand[0], "no memory for its logits");
}

/* Is it a .crux file?  Returns: false for one that cannot be read, too. */
static bool is_crux(const char *path) {
    static const char magic[] = "CRUXMODL";
    char start[sizeof magic - 1];
    FILE *file = fopen(path, "rb");
    bool same = file != NULL && fread(start, 1, sizeof start, file) == sizeof start &&
                memcmp(start, magic, sizeof start) == 0;
    if (file != NULL) (void)fclose(file);
    return same;
}

static bool open_weights(struct job *job, const char *path) {
    uint32_t context = job->loaded.file.config.decoder.context;
    struct crux_import_message message = {.text = ""};
    char why[CRUX_MODEL_MESSAGE_BYTES];
    if (!is_crux(path))
        return ok(job, crux_float_model_open(&job->model, path, context, &message), path,
                  message.text);
    job->is_stored = ok(job, crux_model_file_open(&job->stored, path, why), path, why);
    return job->is_stored && ok(job, crux_float_model_stored(&job->model, &job->stored, &message),
                                path, message.text);
}

static bool open_float(struct job *job) {
    const char *path = job->call->option[OPTION_AGAINST].text;
    job->compare = job->call->option[OPTION_AGAINST].given;
    if (!job->compare) return true;
    if (!open_weights(job, path)) return false;
    if (job->model.vocab != job->loaded.file.config.decoder.vocab) {
        job->code = crux_cli_fail(job->call, CRUX_E_USAGE, "%s: %u tokens, and the model has %u",
                                  path, (unsigned)job->model.vocab,
                                  (unsigned)job->loaded.file.config.decoder.vocab);
        return false;
    }
    return ok(job,
              crux_float_reference_open(&job->reference, &job->model, job->threads, job->context),
              path, "no memory for it, or too large a context");
}

static void progress(void *ctx, uint64_t done, uint64_t all, double nll_so_far) {
    (void)nll_so_far;
    crux_cli_model_progress(ctx, "evaluating", done, all);
}

static json_t *describe_greedy(const struct crux_greedy *greedy) {
    return json_pack("{s:I, s:I, s:I, s:f}", "texts", (json_int_t)greedy->texts, "parted",
                     (json_int_t)greedy->parted, "tokens", (json_int_t)greedy->tokens, "lead_max",
                     greedy->lead_max);
}

static json_t *describe(const struct job *job, const struct crux_evaluation *e,
                        const struct crux_greedy *greedy) {
    json_t *object = json_pack("{s:I, s:f, s:f, s:I, s:I, s:s}", "tokens", (json_int_t)e->tokens,
                               "nll", e->nll, "ppl", e->ppl, "windows", (json_int_t)e->windows,
                               "context", (json_int_t)job->context, "backend",
                               crux_engine_model_backend(job->loaded.model));
    if (object == NULL || !e->compared) return object;
    if (json_object_update_new(object, json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "nll_float",
                                                 e->nll_against, "ppl_float", e->ppl_against,
                                                 "ratio", e->ratio, "kl", e->kl, "kl_max",
                                                 e->kl_max, "argmax_agreement", e->argmax_agreement,
                                                 "disagreement_lead", e->disagreement_lead)) == 0 &&
        (greedy->texts == 0 || json_object_set_new(object, "greedy", describe_greedy(greedy)) == 0))
        return object;
    json_decref(object);
    return NULL;
}

static void say(const struct job *job, const struct crux_evaluation *e,
                const struct crux_greedy *greedy) {
    (void)printf("%llu tokens scored in %llu windows of %u, backend %s\n",
                 (unsigned long long)e->tokens, (unsigned long long)e->windows,
                 (unsigned)job->context, crux_engine_model_backend(job->loaded.model));
    (void)printf("  perplexity     %.6f  (%.6f nats a token)\n", e->ppl, e->nll);
    if (!e->compared) return;
    (void)printf("  by floats      %.6f, so the ratio is %.6f\n", e->ppl_against, e->ratio);
    (void)printf("  KL to floats   %.3g nats a token on average, %.3g at most\n", e->kl, e->kl_max);
    (void)printf("  same argmax    %.3f%%; elsewhere floats lead by %.3g nats at most\n",
                 100 * e->argmax_agreement, e->disagreement_lead);
    if (greedy->texts == 0) return;
    (void)printf(
        "  greedy texts   %llu of %llu part from the floats' own, where those lead by %.3g "
        "nats at most; %llu tokens alike before\n",
        (unsigned long long)greedy->parted, (unsigned long long)greedy->texts, greedy->lead_max,
        (unsigned long long)greedy->tokens);
}

/* One text for each window of the evaluation. */
static enum crux_status continue_texts(struct crux_greedy *greedy, const struct job *job,
                                       const struct crux_logit_source *floats) {
    uint64_t limit = job->call->option[OPTION_GREEDY].number, count = job->tokens.count;
    enum crux_status status = CRUX_OK;
    for (uint64_t at = 0; status == CRUX_OK && at + GREEDY_PROMPT <= count; at += job->context) {
        status = crux_evaluate_greedy(greedy, job->engine, floats, job->tokens.id + at,
                                      GREEDY_PROMPT, (uint32_t)limit);
        crux_cli_model_progress(NULL, "continuing", at, count);
    }
    return status;
}

static void evaluate(struct job *job) {
    const struct crux_evaluate_ask ask = {.tokens = job->tokens.id,
                                          .count = job->tokens.count,
                                          .context = job->context,
                                          .bos = job->bos,
                                          .progress = progress};
    const struct crux_logit_source source = crux_engine_logits_source(job->logits);
    struct crux_logit_source floats;
    struct crux_evaluation evaluation;
    struct crux_greedy greedy = {.texts = 0};
    if (job->compare) floats = crux_float_reference_source(job->reference);
    enum crux_status status =
        crux_evaluate(&evaluation, &ask, &source, job->compare ? &floats : NULL);
    if (status == CRUX_OK && job->call->option[OPTION_GREEDY].given)
        status = continue_texts(&greedy, job, &floats);
    crux_cli_model_progress_end();
    if (!ok(job, status, job->call->option[OPTION_TEXT].text,
            status == CRUX_E_USAGE ? "fewer than two tokens" : "could not be evaluated"))
        return;
    if (job->call->json)
        job->code = crux_cli_answer(job->call, describe(job, &evaluation, &greedy));
    else
        say(job, &evaluation, &greedy);
}

enum crux_cli_exit crux_cli_run_eval(const struct crux_cli_call *call) {
    struct job job = {.call = call, .code = CRUX_CLI_OK, .context = CONTEXT};
    if (!call->option[OPTION_TEXT].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "say which text: --text FILE");
    if (call->option[OPTION_CONTEXT].given)
        job.context = (uint32_t)call->option[OPTION_CONTEXT].number;
    if (call->option[OPTION_THREADS].given)
        job.threads = (unsigned)call->option[OPTION_THREADS].number;
    job.pin = call->option[OPTION_PIN].text;
    if (call->option[OPTION_GREEDY].given && !call->option[OPTION_AGAINST].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "--greedy compares: say with what, by --against");
    if (load(&job) && read_text(&job) && open_float(&job) && open_engine(&job)) evaluate(&job);
    crux_float_reference_close(job.reference);
    crux_float_model_free(&job.model);
    if (job.is_stored) crux_model_file_close(&job.stored);
    crux_engine_logits_close(job.logits);
    if (job.engine != NULL) crux_engine_close(job.engine);
    crux_tokens_free(&job.tokens);
    if (job.is_loaded) crux_engine_unload(&job.loaded);
    return job.code;
}
