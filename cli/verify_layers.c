/* Some layers of a receipt's run: the weights of those alone, over the records that the executor serves. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/chain_file.h"
#include "cli/model_say.h"
#include "cli/output.h"
#include "cli/verify.h"

/* ---- which ---- */

/* Out: v->layers: those that are named, or a draw; v->program_layers. */
static enum crux_cli_exit choose(struct crux_cli_verification *v) {
    const struct crux_cli_value *option = v->call->option;
    char message[CRUX_CLI_MESSAGE_BYTES], why[CRUX_MODEL_MESSAGE_BYTES];
    struct crux_model_file file;
    enum crux_status status = crux_cli_layers_read(&v->layers, &v->layer_count, message,
                                                   option[CRUX_CLI_VERIFY_LAYERS].text);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    status = crux_model_file_open(&file, option[CRUX_CLI_VERIFY_MODEL].text, why);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", why);
    v->program_layers = file.program.header.layers;
    crux_model_file_close(&file);
    uint32_t last = v->layers == NULL ? v->layer_count - 1 : v->layers[v->layer_count - 1];
    if (last >= v->program_layers)
        return crux_cli_fail(v->call, CRUX_E_USAGE,
                             "--layers %.60s: the model has %u layers, 0 to %u",
                             option[CRUX_CLI_VERIFY_LAYERS].text, (unsigned)v->program_layers,
                             (unsigned)v->program_layers - 1);
    if (v->layers != NULL) return CRUX_CLI_OK;
    v->is_drawn = true;
    v->layers = calloc(v->layer_count, sizeof *v->layers);
    status = v->layers == NULL ? CRUX_E_OUT_OF_MEMORY
                               : crux_challenger_draw(v->layers, v->layer_count, v->program_layers,
                                                      NULL, v->receipt.fields.claim_hash);
    return status == CRUX_OK ? CRUX_CLI_OK
                             : crux_cli_fail(v->call, status, "%s", crux_status_text(status));
}

/* ---- what it came to ---- */

CRUX_PRINTF(2, 3)
static void say(struct crux_cli_verification *v, const char *format, ...) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(v->why, sizeof v->why, format, args);
    va_end(args);
}

/* Nothing is proved: neither that the claim is true, nor that it is false. */
static enum crux_cli_exit unproved(const struct crux_cli_verification *v,
                                   const struct crux_engine_audited *audited,
                                   const struct crux_challenger_source *source) {
    static const char then[] = "nothing is proved; without --layers, all of it is run again";
    unsigned pos = audited->pos, layer = audited->layer;
    switch (audited->verdict) {
    case CRUX_ENGINE_AUDIT_TRACE:
        return crux_cli_fail(v->call, CRUX_E_PROOF_ROOT_MISMATCH,
                             "the trace leaves that are served are not those of the claim: %s",
                             then);
    case CRUX_ENGINE_AUDIT_MISMATCH:
        return crux_cli_fail(
            v->call, CRUX_E_PROOF_ROOT_MISMATCH,
            "the record that is served of position %u, layer %u is not the committed one: %s", pos,
            layer, then);
    case CRUX_ENGINE_AUDIT_MALFORMED:
        return crux_cli_fail(
            v->call, CRUX_E_BAD_LAYOUT,
            "what is served from position %u, layer %u on is too short, too long, or no record: %s",
            pos, layer, then);
    case CRUX_ENGINE_AUDIT_UNSERVED: /* all others are verdicts */
    case CRUX_ENGINE_AUDIT_TRUE:
    case CRUX_ENGINE_AUDIT_REQUEST:
    case CRUX_ENGINE_AUDIT_END:
    case CRUX_ENGINE_AUDIT_OUTPUT:
    case CRUX_ENGINE_AUDIT_TOKEN:
    case CRUX_ENGINE_AUDIT_CLOSE:
    case CRUX_ENGINE_AUDIT_RECORD:
    case CRUX_ENGINE_AUDIT_RANGE:
    case CRUX_ENGINE_AUDIT_VERDICTS: break;
    }
    return crux_cli_fail(v->call, audited->served, "the records are not served: %s; %s",
                         source->message, then);
}

static enum crux_cli_exit settle(struct crux_cli_verification *v,
                                 const struct crux_engine_audited *audited,
                                 const struct crux_challenger_source *source) {
    v->audit = audited->verdict;
    v->pos = audited->pos;
    v->layer = audited->layer;
    v->fetched_bytes = source->bytes;
    v->sampled = CRUX_CLI_NO;
    switch (audited->verdict) {
    case CRUX_ENGINE_AUDIT_TRUE: v->sampled = CRUX_CLI_YES; break;
    case CRUX_ENGINE_AUDIT_REQUEST: say(v, "the claim is not about this model and request"); break;
    case CRUX_ENGINE_AUDIT_END: say(v, "it ends at the wrong token"); break;
    case CRUX_ENGINE_AUDIT_OUTPUT: say(v, "the output root is another one"); break;
    case CRUX_ENGINE_AUDIT_TOKEN:
        say(v, "output token %u is not the one that was committed", (unsigned)audited->index);
        break;
    case CRUX_ENGINE_AUDIT_CLOSE: say(v, "the trace does not close with this output"); break;
    case CRUX_ENGINE_AUDIT_RECORD:
        say(v,
            "the record of position %u, layer %u (trace leaf %llu) does not follow from what is "
            "committed",
            (unsigned)audited->pos, (unsigned)audited->layer, (unsigned long long)audited->leaf);
        break;
    case CRUX_ENGINE_AUDIT_RANGE:
        say(v,
            "a value in the record of position %u, layer %u (trace leaf %llu) is outside its range",
            (unsigned)audited->pos, (unsigned)audited->layer, (unsigned long long)audited->leaf);
        break;
    case CRUX_ENGINE_AUDIT_UNSERVED:
    case CRUX_ENGINE_AUDIT_TRACE:
    case CRUX_ENGINE_AUDIT_MISMATCH:
    case CRUX_ENGINE_AUDIT_MALFORMED:
    case CRUX_ENGINE_AUDIT_VERDICTS:
        v->sampled = CRUX_CLI_UNKNOWN;
        return unproved(v, audited, source);
    }
    return CRUX_CLI_OK;
}

/* ---- the audit ---- */

/* Of how many records there are to come. */
struct progress {
    uint64_t all;
};

static void on_progress(void *ctx, uint64_t records) {
    const struct progress *progress = ctx;
    crux_cli_model_progress(NULL, "auditing", records, progress->all);
}

static uint64_t records_of(const struct crux_cli_verification *v) {
    uint64_t all = 0;
    for (uint32_t i = 0; i < v->layer_count; i++) {
        if (v->layers[i] == 0) continue; /* reads tokens alone */
        all += v->layers[i] + 1 == v->program_layers ? v->receipt.claim.chosen_tokens
                                                     : crux_claim_positions(&v->receipt.claim);
    }
    return all;
}

static enum crux_cli_exit audit(struct crux_cli_verification *v,
                                const struct crux_engine_loaded *loaded) {
    const struct crux_engine_options options = {
        .threads = (unsigned)v->call->option[CRUX_CLI_VERIFY_THREADS].number, .rows = 256};
    char signature[2 * CRUX_SIGNATURE_BYTES + 1]; /* shows that this is a holder of the receipt */
    const struct crux_challenger_served_claim served_claim = {
        .url = v->call->option[CRUX_CLI_VERIFY_EXECUTOR].text,
        .bearer = v->receipt.fields.mode == CRUX_MODE_PRIVATE ? signature : NULL,
        .hash = v->receipt.fields.claim_hash};
    struct progress progress = {.all = records_of(v)};
    struct crux_challenger_source source = {
        .claims = &served_claim, .progress = on_progress, .progress_ctx = &progress};
    struct crux_engine_audited audited = {.claim = v->receipt.claim,
                                          .tokens = v->receipt.output,
                                          .layers = v->layers,
                                          .layer_count = v->layer_count};
    struct crux_engine_served served;
    struct crux_engine *engine;
    crux_cli_chain_hex(signature, v->receipt.signature, sizeof v->receipt.signature);
    if (!crux_cli_verify_request(&audited.request, &v->receipt)) {
        audited.verdict = CRUX_ENGINE_AUDIT_REQUEST;
        return settle(v, &audited, &source);
    }
    enum crux_status status = crux_engine_open(&engine, loaded->model, &options);
    if (status == CRUX_OK) {
        crux_challenger_source_serve(&served, &source);
        status = crux_engine_audit(engine, loaded->file.root, &served, &audited, 1);
        crux_cli_model_progress_end();
        crux_engine_close(engine);
    }
    enum crux_cli_exit code = status == CRUX_OK
                                  ? settle(v, &audited, &source)
                                  : crux_cli_fail(v->call, status, "%s", crux_status_text(status));
    crux_challenger_source_free(&source);
    return code;
}

enum crux_cli_exit crux_cli_verify_layers(struct crux_cli_verification *v,
                                          struct crux_engine_loaded *loaded, bool *is_loaded) {
    const struct crux_cli_value *option = v->call->option;
    char why[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_cli_exit code = choose(v);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = crux_engine_load_layers(loaded, option[CRUX_CLI_VERIFY_MODEL].text,
                                                      option[CRUX_CLI_VERIFY_BACKEND].text,
                                                      v->layers, v->layer_count, why);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", why);
    *is_loaded = true;
    code = crux_cli_verify_weights(v, &loaded->file);
    return code == CRUX_CLI_OK ? audit(v, loaded) : code;
}
