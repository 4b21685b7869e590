/* A receipt's run once more, with the model at hand. */
#include <stdio.h>
#include <string.h>

#include "cli/model_say.h"
#include "cli/output.h"
#include "cli/verify.h"

static void on_hash(void *ctx, uint64_t done, uint64_t all) {
    crux_cli_model_progress(ctx, "hashing", done, all);
}

static void on_rows(void *ctx, uint64_t done, uint64_t all) {
    crux_cli_model_progress(ctx, "computing", done, all);
}

enum crux_cli_exit crux_cli_verify_weights(struct crux_cli_verification *v,
                                           const struct crux_model_file *file) {
    char message[CRUX_MODEL_MESSAGE_BYTES] = "";
    if (memcmp(file->root, v->receipt.claim.model_root, 32) != 0)
        return crux_cli_fail(v->call, CRUX_E_REQUEST_MISMATCH,
                             "'%.200s' is not the model of this receipt: its root is another one",
                             v->call->option[CRUX_CLI_VERIFY_MODEL].text);
    enum crux_status status = crux_model_file_verify(file, message, on_hash, NULL);
    crux_cli_model_progress_end();
    if (status == CRUX_OK) return CRUX_CLI_OK;
    return crux_cli_fail(v->call, status, "%s",
                         message[0] != 0 ? message : crux_status_text(status));
}

bool crux_cli_verify_request(struct crux_engine_request *request,
                             const struct crux_challenger_receipt *receipt) {
    *request = (struct crux_engine_request){.tokens = receipt->tokens};
    crux_request_read(&request->fields, receipt->request);
    return crux_request_check(&request->fields) == CRUX_OK &&
           request->fields.request_tokens == receipt->claim.request_tokens;
}

static void settle(struct crux_cli_verification *v, enum crux_engine_verdict verdict) {
    static const char *const verdicts[] = {
        [CRUX_ENGINE_CLAIM_TRUE] = "",
        [CRUX_ENGINE_CLAIM_REQUEST] = "the claim is not about this model and request",
        [CRUX_ENGINE_CLAIM_TOKEN] = "another token is chosen",
        [CRUX_ENGINE_CLAIM_END] = "it ends at the wrong token",
        [CRUX_ENGINE_CLAIM_OUTPUT] = "the output root is another one",
        [CRUX_ENGINE_CLAIM_TRACE] = "the trace is another one",
    };
    v->recomputed = crux_cli_verdict_of(verdict == CRUX_ENGINE_CLAIM_TRUE);
    if (v->recomputed == CRUX_CLI_NO)
        (void)snprintf(v->why, sizeof v->why, "%s", verdicts[verdict]);
}

static enum crux_status recompute(struct crux_cli_verification *v,
                                  const struct crux_engine_loaded *loaded) {
    const struct crux_engine_options options = {
        .threads = (unsigned)v->call->option[CRUX_CLI_VERIFY_THREADS].number, .rows = 256};
    struct crux_engine_claimed claimed = {.claim = v->receipt.claim, .tokens = v->receipt.output};
    struct crux_engine *engine;
    if (!crux_cli_verify_request(&claimed.request, &v->receipt)) {
        settle(v, CRUX_ENGINE_CLAIM_REQUEST);
        return CRUX_OK;
    }
    enum crux_status status = crux_engine_open(&engine, loaded->model, &options);
    if (status != CRUX_OK) return status;
    status = crux_engine_verify_watched(engine, loaded->file.root, &claimed, 1, on_rows, NULL);
    crux_cli_model_progress_end();
    crux_engine_close(engine);
    if (status != CRUX_OK && status != CRUX_E_REQUEST_INVALID) return status;
    settle(v, status == CRUX_OK ? claimed.verdict : CRUX_ENGINE_CLAIM_REQUEST);
    return CRUX_OK;
}

static enum crux_cli_exit verify_whole(struct crux_cli_verification *v,
                                       struct crux_engine_loaded *loaded, bool *is_loaded) {
    const struct crux_cli_value *option = v->call->option;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_status status = crux_engine_load(loaded, option[CRUX_CLI_VERIFY_MODEL].text,
                                               option[CRUX_CLI_VERIFY_BACKEND].text, message);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    *is_loaded = true;
    enum crux_cli_exit code = crux_cli_verify_weights(v, &loaded->file);
    if (code != CRUX_CLI_OK) return code;
    status = recompute(v, loaded);
    return status == CRUX_OK ? CRUX_CLI_OK
                             : crux_cli_fail(v->call, status, "%s", crux_status_text(status));
}

enum crux_cli_exit crux_cli_verify_model(struct crux_cli_verification *v) {
    const struct crux_cli_value *option = v->call->option;
    struct crux_engine_loaded loaded;
    bool is_loaded = false;
    enum crux_cli_exit code = option[CRUX_CLI_VERIFY_LAYERS].given
                                  ? crux_cli_verify_layers(v, &loaded, &is_loaded)
                                  : verify_whole(v, &loaded, &is_loaded);
    if (code == CRUX_CLI_OK &&
        (option[CRUX_CLI_VERIFY_TEXT].given || option[CRUX_CLI_VERIFY_MESSAGES].given))
        code = crux_cli_verify_text(v, &loaded.file);
    if (is_loaded) crux_engine_unload(&loaded);
    return code;
}
