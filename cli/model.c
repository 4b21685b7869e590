/* crux model info, crux model verify: what a .crux file holds, and whether it is what its root says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain-adapter/io/json.h"
#include "cli/model_say.h"
#include "cli/output.h"
#include "executor/engine/engine.h"
#include "executor/import/import.h"

enum { OPTION_SOURCE, OPTION_COUNT };

const struct crux_cli_option crux_cli_model_verify_options[] = {
    [OPTION_SOURCE] = {.name = "source",
                       .kind = CRUX_CLI_TEXT,
                       .value = "SRC",
                       .help = "import this again, and compare the model roots"},
    [OPTION_COUNT] = {.name = NULL},
};

/* Returns: NULL if it is no JSON; then the model was not written by `crux import`. */
static json_t *manifest_of(const struct crux_model_file *model) {
    return json_loadb((const char *)model->manifest.bytes, model->manifest.len,
                      JSON_REJECT_DUPLICATES, NULL);
}

static const char *text_in(const json_t *manifest, const char *key) {
    const char *text = json_string_value(json_object_get(manifest, key));
    return text == NULL ? "" : text;
}

static enum crux_cli_exit open_model(struct crux_model_file *model,
                                     const struct crux_cli_call *call) {
    char message[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_status status = crux_model_file_open(model, call->operand[0], message);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "%s: %s", call->operand[0], message);
}

static void say_info(const struct crux_model_file *model, const json_t *manifest,
                     const char *path) {
    const struct crux_fused_decoder *d = &model->config.decoder;
    const struct crux_cli_style *style = crux_cli_style();
    char root[65];
    crux_cli_model_hex(root, model->root);
    (void)printf("%s%s%s  %s, %s\n", style->bold, path, style->off, text_in(manifest, "arch"),
                 text_in(manifest, "name"));
    (void)printf("  model root     %s\n", root);
    (void)printf("  shape          %u blocks of width %u, %u heads (%u kv) of %u, ffn %u, "
                 "vocabulary %u, %u positions\n",
                 (unsigned)d->blocks, (unsigned)d->width, (unsigned)d->heads, (unsigned)d->kv_heads,
                 (unsigned)d->head_width, (unsigned)d->ffn_width, (unsigned)d->vocab,
                 (unsigned)d->context);
    if (d->experts != 0)
        (void)printf("  experts        %u in each block, %u used at each position\n",
                     (unsigned)d->experts, (unsigned)d->experts_used);
    (void)printf("  program        %u layers, %u ops, %u tensors, op set %u\n",
                 (unsigned)model->program.header.layers, (unsigned)model->program.op_count,
                 (unsigned)model->program.tensor_count, (unsigned)model->program.header.op_set);
    (void)printf("  tokenizer      %zu bytes; chat template %zu bytes\n", model->tokenizer.len,
                 model->chat_template.len);
    (void)printf("  manifest       %.*s\n", (int)model->manifest.len,
                 (const char *)model->manifest.bytes);
}

enum crux_cli_exit crux_cli_run_model_info(const struct crux_cli_call *call) {
    struct crux_model_file model;
    enum crux_cli_exit code = open_model(&model, call);
    if (code != CRUX_CLI_OK) return code;
    json_t *manifest = manifest_of(&model);
    const struct crux_fused_decoder *d = &model.config.decoder;
    if (call->json) {
        code = crux_cli_answer(
            call,
            json_pack(
                "{s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O*}",
                "model_root", crux_json_of_bytes(model.root, 32), "arch", text_in(manifest, "arch"),
                "name", text_in(manifest, "name"), "layers",
                (json_int_t)model.program.header.layers, "blocks", (json_int_t)d->blocks, "width",
                (json_int_t)d->width, "experts", (json_int_t)d->experts, "experts_used",
                (json_int_t)d->experts_used, "vocab", (json_int_t)d->vocab, "context",
                (json_int_t)d->context, "op_set", (json_int_t)model.program.header.op_set, "ops",
                (json_int_t)model.program.op_count, "tensors",
                (json_int_t)model.program.tensor_count, "file_bytes", (json_int_t)model.map_len,
                "manifest", manifest));
    } else {
        say_info(&model, manifest, call->operand[0]);
    }
    json_decref(manifest);
    crux_model_file_close(&model);
    return code;
}

static void bar(void *ctx, uint64_t done, uint64_t all) {
    crux_cli_model_progress(ctx, "hashing", done, all);
}

static enum crux_weights weights_in(const json_t *manifest) {
    const char *name = text_in(manifest, "weights");
    if (strcmp(name, "int16") == 0) return CRUX_WEIGHTS_INT16;
    return strcmp(name, "int4") == 0 ? CRUX_WEIGHTS_INT4 : CRUX_WEIGHTS_INT8;
}

/* Imports the source to a file beside the model, which is removed again. */
static enum crux_cli_exit import_again(const struct crux_model_file *model,
                                       const struct crux_cli_call *call) {
    static const char ending[] = ".again";
    struct crux_import_options options = {.context = model->config.decoder.context,
                                          .progress = crux_cli_model_progress};
    struct crux_import_report report;
    struct crux_import_message message;
    size_t len = strlen(call->operand[0]);
    char *path = malloc(len + sizeof ending);
    if (path == NULL) return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory");
    memcpy(path, call->operand[0], len);
    memcpy(path + len, ending, sizeof ending);
    json_t *manifest = manifest_of(model);
    options.weights = weights_in(manifest);
    json_decref(manifest);
    enum crux_status status =
        crux_import(call->option[OPTION_SOURCE].text, path, &options, &report, &message);
    crux_cli_model_progress_end();
    if (status == CRUX_OK) (void)unlink(path);
    free(path);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message.text);
    if (!crux_equal(report.model_root, model->root, 32))
        return crux_cli_fail(call, CRUX_E_PROOF_ROOT_MISMATCH,
                             "importing '%.300s' gives another model root",
                             call->option[OPTION_SOURCE].text);
    return CRUX_CLI_OK;
}

static enum crux_cli_exit certify(const struct crux_model_file *model,
                                  const struct crux_cli_call *call,
                                  struct crux_certificate *certificate) {
    struct crux_refusal refusal;
    *certificate = (struct crux_certificate){.ops = NULL};
    enum crux_status status = crux_certify(&model->program, NULL, certificate, &refusal);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(call, status, "the model has no certificate: %s: %s", refusal.label,
                         refusal.what);
}

enum crux_cli_exit crux_cli_run_model_verify(const struct crux_cli_call *call) {
    struct crux_model_file model;
    struct crux_certificate certificate;
    char message[CRUX_MODEL_MESSAGE_BYTES], root[65];
    bool again = call->option[OPTION_SOURCE].given;
    enum crux_cli_exit code = open_model(&model, call);
    if (code != CRUX_CLI_OK) return code;
    crux_cli_model_hex(root, model.root);
    enum crux_status status = crux_model_file_verify(&model, message, bar, NULL);
    crux_cli_model_progress_end();
    if (status != CRUX_OK) code = crux_cli_fail(call, status, "%s: %s", call->operand[0], message);
    if (code == CRUX_CLI_OK) code = certify(&model, call, &certificate);
    if (code == CRUX_CLI_OK && again) code = import_again(&model, call);
    if (code == CRUX_CLI_OK && call->json) {
        code = crux_cli_answer(
            call,
            json_pack("{s:b, s:s, s:I, s:I, s:b}", "ok", 1, "model_root", root, "witness_bytes_max",
                      (json_int_t)certificate.witness_bytes.value, "overflow_margin_bits",
                      (json_int_t)certificate.margin_bits.value, "imported_again", again));
    } else if (code == CRUX_CLI_OK) {
        (void)printf("%s: every byte is what its root says%s\n  model root     %s\n",
                     call->operand[0],
                     again ? ", and so is what importing the source again gives" : "", root);
    }
    crux_model_file_close(&model);
    return code;
}
