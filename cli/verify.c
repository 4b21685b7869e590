/* crux verify: what a receipt is worth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/http_client.h"
#include "chain-adapter/io/json.h"
#include "chain-adapter/keys/keys.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/verify.h"

const struct crux_cli_option crux_cli_verify_options[] = {
    [CRUX_CLI_VERIFY_MODEL] = {.name = "model",
                               .kind = CRUX_CLI_TEXT,
                               .value = "M.crux",
                               .help = "run the request again with this model, all of it"},
    [CRUX_CLI_VERIFY_LAYERS] = {.name = "layers",
                                .kind = CRUX_CLI_TEXT,
                                .value = "N|A,B,..",
                                .help = "only so many layers of it, drawn at random, or only "
                                        "these (A, for one)"},
    [CRUX_CLI_VERIFY_EXECUTOR] = {.name = "executor",
                                  .kind = CRUX_CLI_TEXT,
                                  .value = "URL",
                                  .help = "who serves their records: http://HOST:PORT"},
    [CRUX_CLI_VERIFY_CHAIN] = {.name = "chain",
                               .kind = CRUX_CLI_TEXT,
                               .value = "URL",
                               .help = "ask this chain about the claim: local:PATH"},
    [CRUX_CLI_VERIFY_TEXT] = {.name = "text",
                              .kind = CRUX_CLI_TEXT,
                              .value = "TEXT",
                              .help =
                                  "the prompt that was sent: are these its tokens? Needs --model"},
    [CRUX_CLI_VERIFY_MESSAGES] =
        {.name = "messages",
         .kind = CRUX_CLI_TEXT,
         .value = "FILE",
         .help = "the messages that were sent, a JSON list: are these their tokens? "
                 "Needs --model"},
    [CRUX_CLI_VERIFY_TEMPLATE] = {.name = "chat-template",
                                  .kind = CRUX_CLI_TEXT,
                                  .value = "NAME",
                                  .help = "the form of the chat, if not the model's own"},
    [CRUX_CLI_VERIFY_THREADS] = {.name = "threads",
                                 .kind = CRUX_CLI_NUMBER,
                                 .value = "N",
                                 .help = "of the engine (default: all processors)",
                                 .least = 1,
                                 .most = 1024},
    [CRUX_CLI_VERIFY_BACKEND] = {.name = "backend",
                                 .kind = CRUX_CLI_TEXT,
                                 .value = "NAME",
                                 .help = "of matrix products (default: the first that works here)"},
    [CRUX_CLI_VERIFY_COUNT] = {.name = NULL},
};

/* ---- by itself ---- */

static enum crux_status check_itself(struct crux_cli_verification *v) {
    const struct crux_challenger_receipt *receipt = &v->receipt;
    const struct crux_claim *claim = &receipt->claim;
    struct crux_account executor;
    struct crux_request request;
    uint8_t digest[32], tokens_root[32], output_root[32];
    enum crux_status status =
        crux_challenger_tokens_root(tokens_root, receipt->tokens, claim->request_tokens);
    if (status == CRUX_OK)
        status = crux_challenger_tokens_root(output_root, receipt->output, claim->chosen_tokens);
    if (status != CRUX_OK) return status;
    crux_request_read(&request, receipt->request);
    crux_receipt_digest(digest, &receipt->fields);
    v->consistent =
        crux_cli_verdict_of(memcmp(digest, receipt->id, 32) == 0 &&
                            memcmp(claim->request_hash, receipt->fields.request_hash, 32) == 0 &&
                            memcmp(claim->model_root, request.model_root, 32) == 0 &&
                            claim->request_tokens == request.request_tokens &&
                            memcmp(tokens_root, request.tokens_root, 32) == 0 &&
                            memcmp(output_root, claim->output_root, 32) == 0);
    memcpy(executor.b, receipt->fields.executor, sizeof executor.b);
    v->signature =
        crux_cli_verdict_of(crux_keys_verify(NULL, &executor, digest, receipt->signature));
    return CRUX_OK;
}

/* ---- what it came to ---- */

static json_t *json_of(enum crux_cli_verdict answer) {
    return answer == CRUX_CLI_UNKNOWN ? json_null() : json_boolean(answer == CRUX_CLI_YES);
}

static void say(const char *what, enum crux_cli_verdict answer, const char *more) {
    static const char *const words[] = {"not asked", "yes", "NO"};
    (void)printf("%-12s %s%s%s\n", what, words[answer], more != NULL ? ": " : "",
                 more != NULL ? more : "");
}

static json_t *json_layers(const struct crux_cli_verification *v) {
    if (v->sampled == CRUX_CLI_UNKNOWN) return json_null();
    json_t *list = json_array();
    for (uint32_t i = 0; i < v->layer_count; i++)
        (void)json_array_append_new(list, json_integer(v->layers[i]));
    return json_pack("{s:o, s:i, s:b, s:s, s:I}", "layers", list, "of", (int)v->program_layers,
                     "drawn", (int)v->is_drawn, "verdict", crux_engine_audit_name(v->audit),
                     "fetched_bytes", (json_int_t)v->fetched_bytes);
}

static json_t *describe(const struct crux_cli_verification *v) {
    const struct crux_challenger_receipt *receipt = &v->receipt;
    return json_pack("{s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:o}",
                     "consistent", json_of(v->consistent), "signature", json_of(v->signature),
                     "chain", json_of(v->chain), "included", json_of(v->included), "state",
                     v->state, "promise", crux_cli_promise_json(&v->promise), "tokens",
                     json_of(v->tokens), "recomputed", json_of(v->recomputed), "sampled",
                     json_of(v->sampled), "audit", json_layers(v), "why",
                     v->why[0] != 0 ? v->why : v->note, "executor",
                     crux_json_of_bytes(receipt->fields.executor, sizeof receipt->fields.executor),
                     "request_hash", crux_json_of_bytes(receipt->fields.request_hash, 32),
                     "claim_hash", crux_json_of_bytes(receipt->fields.claim_hash, 32));
}

static void say_layers(const struct crux_cli_verification *v) {
    unsigned others = (unsigned)(v->program_layers - v->layer_count);
    (void)printf("%-12s %s: layer%s ", "sampled", v->sampled == CRUX_CLI_YES ? "yes" : "NO",
                 v->layer_count == 1 ? "" : "s");
    for (uint32_t i = 0; i < v->layer_count; i++)
        (void)printf("%s%u", i == 0 ? "" : ", ", (unsigned)v->layers[i]);
    (void)printf(" of %u%s", (unsigned)v->program_layers, v->is_drawn ? ", drawn at random" : "");
    if (v->sampled == CRUX_CLI_NO)
        (void)printf("; %s\n", v->why);
    else if (others > 0)
        (void)printf("; not checked: the other %u\n", others);
    else
        (void)printf("\n");
}

static void say_all(const struct crux_cli_verification *v) {
    say("consistent", v->consistent, NULL);
    say("signature", v->signature, NULL);
    say("chain", v->chain, NULL);
    say("included", v->included, v->included == CRUX_CLI_UNKNOWN ? v->note : NULL);
    (void)printf("%-12s %s\n", "state", v->state != NULL ? v->state : "not known");
    crux_cli_promise_say(&v->promise);
    say("tokens", v->tokens, NULL);
    say("recomputed", v->recomputed, v->recomputed == CRUX_CLI_NO ? v->why : NULL);
    if (v->sampled != CRUX_CLI_UNKNOWN) say_layers(v);
}

static enum crux_cli_exit report(const struct crux_cli_verification *v) {
    const enum crux_cli_verdict all[] = {v->consistent, v->signature,  v->chain,  v->included,
                                         v->tokens,     v->recomputed, v->sampled};
    enum crux_cli_exit code = CRUX_CLI_OK;
    if (v->call->json)
        code = crux_cli_answer(v->call, describe(v));
    else
        say_all(v);
    if (code == CRUX_CLI_OK && v->promise.state == CRUX_CLI_PROMISE_BROKEN) code = CRUX_CLI_FALSE;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(all); i++) {
        if (code == CRUX_CLI_OK && all[i] == CRUX_CLI_NO) code = CRUX_CLI_FALSE;
    }
    return code;
}

static enum crux_cli_exit verify(struct crux_cli_verification *v) {
    const struct crux_cli_value *option = v->call->option;
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *bytes;
    size_t len;
    enum crux_status status = crux_cli_file_read(&bytes, &len, message, v->call->operand[0],
                                                 CRUX_CHALLENGER_RECEIPT_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    status = crux_challenger_receipt_read(&v->receipt, message, (const char *)bytes, len);
    free(bytes);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    status = check_itself(v);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", crux_status_text(status));
    enum crux_cli_exit code =
        option[CRUX_CLI_VERIFY_CHAIN].given ? crux_cli_verify_chain(v) : CRUX_CLI_OK;
    if (code == CRUX_CLI_OK && option[CRUX_CLI_VERIFY_MODEL].given) code = crux_cli_verify_model(v);
    return code == CRUX_CLI_OK ? report(v) : code;
}

static enum crux_cli_exit check_options(const struct crux_cli_call *call) {
    const struct crux_cli_value *option = call->option;
    char why[CRUX_HTTP_MESSAGE_BYTES];
    bool text = option[CRUX_CLI_VERIFY_TEXT].given || option[CRUX_CLI_VERIFY_MESSAGES].given;
    bool layers = option[CRUX_CLI_VERIFY_LAYERS].given;
    if (text && !option[CRUX_CLI_VERIFY_MODEL].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "--text and --messages need --model");
    if (option[CRUX_CLI_VERIFY_TEXT].given && option[CRUX_CLI_VERIFY_MESSAGES].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "either --text or --messages");
    if (layers && !option[CRUX_CLI_VERIFY_MODEL].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "--layers needs --model");
    if (layers && !option[CRUX_CLI_VERIFY_EXECUTOR].given)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "--layers needs --executor URL: who serves the records?");
    if (!layers && option[CRUX_CLI_VERIFY_EXECUTOR].given)
        return crux_cli_fail(call, CRUX_E_USAGE,
                             "--executor is for --layers: nothing else is fetched");
    if (layers && crux_http_url_check(option[CRUX_CLI_VERIFY_EXECUTOR].text, why) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_USAGE, "--executor '%.100s': %s",
                             option[CRUX_CLI_VERIFY_EXECUTOR].text, why);
    return CRUX_CLI_OK;
}

enum crux_cli_exit crux_cli_run_verify(const struct crux_cli_call *call) {
    struct crux_cli_verification v = {.call = call};
    enum crux_cli_exit code = check_options(call);
    if (code != CRUX_CLI_OK) return code;
    code = verify(&v);
    crux_challenger_receipt_free(&v.receipt);
    free(v.layers);
    return code;
}
