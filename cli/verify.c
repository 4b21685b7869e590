/* crux verify: what a receipt is worth. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "chain-adapter/keys/keys.h"
#include "cli/chain_file.h"
#include "cli/chain_json.h"
#include "cli/file.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/verify_receipt.h"

enum {
    OPTION_MODEL,
    OPTION_CHAIN,
    OPTION_TEXT,
    OPTION_MESSAGES,
    OPTION_TEMPLATE,
    OPTION_THREADS,
    OPTION_BACKEND,
    OPTION_COUNT
};

const struct crux_cli_option crux_cli_verify_options[] = {
    [OPTION_MODEL] = {.name = "model",
                      .kind = CRUX_CLI_TEXT,
                      .value = "M.crux",
                      .help = "run the request again with this model, all of it"},
    [OPTION_CHAIN] = {.name = "chain",
                      .kind = CRUX_CLI_TEXT,
                      .value = "URL",
                      .help = "ask this chain about the claim: local:PATH"},
    [OPTION_TEXT] = {.name = "text",
                     .kind = CRUX_CLI_TEXT,
                     .value = "TEXT",
                     .help = "the prompt that was sent: are these its tokens? Needs --model"},
    [OPTION_MESSAGES] = {.name = "messages",
                         .kind = CRUX_CLI_TEXT,
                         .value = "FILE",
                         .help =
                             "the messages that were sent, a JSON list: are these their tokens? "
                             "Needs --model"},
    [OPTION_TEMPLATE] = {.name = "chat-template",
                         .kind = CRUX_CLI_TEXT,
                         .value = "NAME",
                         .help = "the form of the chat, if not the model's own"},
    [OPTION_THREADS] = {.name = "threads",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "of the engine (default: all processors)",
                        .least = 1,
                        .most = 1024},
    [OPTION_BACKEND] = {.name = "backend",
                        .kind = CRUX_CLI_TEXT,
                        .value = "NAME",
                        .help = "of matrix products (default: the first that works here)"},
    [OPTION_COUNT] = {.name = NULL},
};

/* What is not asked, or cannot be answered, stays unknown. */
enum answer { UNKNOWN, YES, NO };

struct verification {
    const struct crux_cli_call *call;
    struct crux_cli_receipt receipt;
    enum answer consistent; /* hashes and lists fit each other */
    enum answer signature, chain, included, tokens, recomputed;
    const char *state; /* of the claim on the chain; NULL: not asked */
    const char *why;   /* of recomputed; or of what is not known */
};

static enum answer answer_of(bool holds) {
    return holds ? YES : NO;
}

/* ---- by itself ---- */

static enum crux_status check_itself(struct verification *v) {
    const struct crux_cli_receipt *receipt = &v->receipt;
    const struct crux_claim *claim = &receipt->claim;
    struct crux_account executor;
    struct crux_request request;
    uint8_t digest[32], tokens_root[32], output_root[32];
    enum crux_status status =
        crux_cli_tokens_root(tokens_root, receipt->tokens, claim->request_tokens);
    if (status == CRUX_OK)
        status = crux_cli_tokens_root(output_root, receipt->output, claim->chosen_tokens);
    if (status != CRUX_OK) return status;
    crux_request_read(&request, receipt->request);
    crux_receipt_digest(digest, &receipt->fields);
    v->consistent = answer_of(memcmp(digest, receipt->id, 32) == 0 &&
                              memcmp(claim->request_hash, receipt->fields.request_hash, 32) == 0 &&
                              memcmp(claim->model_root, request.model_root, 32) == 0 &&
                              claim->request_tokens == request.request_tokens &&
                              memcmp(tokens_root, request.tokens_root, 32) == 0 &&
                              memcmp(output_root, claim->output_root, 32) == 0);
    memcpy(executor.b, receipt->fields.executor, sizeof executor.b);
    v->signature = answer_of(crux_keys_verify(NULL, &executor, digest, receipt->signature));
    return CRUX_OK;
}

/* ---- on the chain ---- */

static enum crux_status look_member(struct verification *v, const struct crux_game *game,
                                    const struct crux_claim_id *id, uint64_t now) {
    struct crux_game_claim claim;
    enum crux_claim_state state;
    enum crux_status status = crux_game_get_claim(game, id, &claim);
    if (status == CRUX_OK) status = crux_game_claim_state(&state, game, id, now);
    if (status != CRUX_OK) return status;
    v->state = crux_cli_chain_state(state);
    if (claim.shown && memcmp(claim.hash, v->receipt.fields.claim_hash, 32) != 0) v->included = NO;
    return CRUX_OK;
}

/* A claim that is a batch of its own is found by its hash alone. */
static enum crux_status look_alone(struct verification *v, const struct crux_game *game,
                                   uint64_t now) {
    struct crux_game_batch_of of;
    memset(&of, 0, sizeof of);
    memcpy(of.key.executor.b, v->receipt.fields.executor, sizeof of.key.executor.b);
    memcpy(of.key.root, v->receipt.fields.claim_hash, 32);
    enum crux_status status = game->store.get(game->store.ctx, CRUX_TABLE_BATCH_OF, &of.key, &of);
    if (status == CRUX_E_NOT_FOUND) {
        v->why = "the receipt names no batch: ask for it again once its claim is posted";
        return CRUX_OK;
    }
    if (status != CRUX_OK) return status;
    v->included = YES;
    return look_member(v, game, &(struct crux_claim_id){of.batch, 0, 0}, now);
}

static enum crux_status look(void *ctx, const struct crux_game *game, uint64_t now) {
    struct verification *v = ctx;
    const struct crux_cli_receipt *receipt = &v->receipt;
    const struct crux_claim_id id = {receipt->batch, receipt->member, 0};
    struct crux_game_batch batch;
    uint64_t leaf = receipt->member;
    v->chain = answer_of(memcmp(game->chain_id, receipt->fields.chain_id, 32) == 0 &&
                         memcmp(game->contract, receipt->fields.contract, 32) == 0);
    if (v->chain != YES) return CRUX_OK;
    if (!receipt->is_posted) return look_alone(v, game, now);
    enum crux_status status = crux_game_get_batch(game, receipt->batch, &batch);
    if (status == CRUX_E_NOT_FOUND) {
        v->included = NO;
        return CRUX_OK;
    }
    if (status != CRUX_OK) return status;
    v->included = answer_of(
        memcmp(batch.executor.b, receipt->fields.executor, sizeof batch.executor.b) == 0 &&
        memcmp(batch.root, receipt->batch_root, 32) == 0 && receipt->member < batch.count &&
        crux_merkle_verify(batch.root, batch.count, &leaf,
                           (const uint8_t(*)[32])receipt->fields.claim_hash, 1, receipt->path,
                           receipt->path_bytes) == CRUX_OK);
    return v->included == YES ? look_member(v, game, &id, now) : CRUX_OK;
}

static enum crux_cli_exit check_chain(struct verification *v) {
    struct crux_chain chain;
    enum crux_cli_exit code =
        crux_cli_chain_url(&chain, v->call, v->call->option[OPTION_CHAIN].text);
    if (code != CRUX_CLI_OK) return code;
    enum crux_status status = chain.ops->look(&chain, look, v);
    return crux_cli_chain_close(&chain, v->call, status, CRUX_CLI_OK);
}

/* ---- with the model ---- */

static enum crux_status recompute(struct verification *v, const struct crux_engine_loaded *loaded) {
    static const char *const verdicts[] = {
        [CRUX_ENGINE_CLAIM_TRUE] = NULL,
        [CRUX_ENGINE_CLAIM_REQUEST] = "the claim is not about this model and request",
        [CRUX_ENGINE_CLAIM_TOKEN] = "another token is chosen",
        [CRUX_ENGINE_CLAIM_END] = "it ends at the wrong token",
        [CRUX_ENGINE_CLAIM_OUTPUT] = "the output root is another one",
        [CRUX_ENGINE_CLAIM_TRACE] = "the trace is another one",
    };
    const struct crux_engine_options options = {
        .threads = (unsigned)v->call->option[OPTION_THREADS].number, .rows = 256};
    struct crux_engine_claimed claimed = {.request = {.tokens = v->receipt.tokens},
                                          .claim = v->receipt.claim,
                                          .tokens = v->receipt.output};
    struct crux_engine *engine;
    crux_request_read(&claimed.request.fields, v->receipt.request);
    if (crux_request_check(&claimed.request.fields) != CRUX_OK ||
        claimed.request.fields.request_tokens != claimed.claim.request_tokens) {
        v->recomputed = NO;
        v->why = verdicts[CRUX_ENGINE_CLAIM_REQUEST];
        return CRUX_OK;
    }
    enum crux_status status = crux_engine_open(&engine, loaded->model, &options);
    if (status != CRUX_OK) return status;
    status = crux_engine_verify(engine, loaded->file.root, &claimed, 1);
    crux_engine_close(engine);
    if (status == CRUX_E_REQUEST_INVALID) {
        v->recomputed = NO;
        v->why = verdicts[CRUX_ENGINE_CLAIM_REQUEST];
        return CRUX_OK;
    }
    if (status != CRUX_OK) return status;
    v->recomputed = answer_of(claimed.verdict == CRUX_ENGINE_CLAIM_TRUE);
    if (v->recomputed == NO) v->why = verdicts[claimed.verdict];
    return CRUX_OK;
}

/* A list of {"role", "content"}. */
static enum crux_cli_exit render_messages(struct verification *v, struct crux_text *text,
                                          unsigned *flags, const struct crux_model_file *file,
                                          const struct crux_tokenizer *tokenizer) {
    const struct crux_cli_value *named = &v->call->option[OPTION_TEMPLATE];
    enum { MESSAGES_MAX = 4096, FILE_BYTES_MAX = 64 << 20 };
    struct crux_json_error error = {"", ""};
    struct crux_tokenizer_error said = {""};
    struct crux_chat chat;
    json_t *list;
    char *whole;
    enum crux_status status = crux_json_read_file(
        &list, &whole, &error, v->call->option[OPTION_MESSAGES].text, FILE_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", error.message);
    free(whole);
    size_t count = json_array_size(list);
    struct crux_chat_message *messages = calloc(count + 1, sizeof *messages);
    for (size_t i = 0; messages != NULL && i < count && count <= MESSAGES_MAX; i++) {
        const json_t *message = json_array_get(list, i);
        messages[i].role = json_string_value(json_object_get(message, "role"));
        messages[i].content = json_string_value(json_object_get(message, "content"));
        messages[i].content_len = json_string_length(json_object_get(message, "content"));
        if (messages[i].role == NULL || messages[i].content == NULL) status = CRUX_E_SYNTAX;
    }
    if (count == 0 || count > MESSAGES_MAX || status != CRUX_OK) {
        (void)snprintf(
            said.text, sizeof said.text,
            "--messages takes a list of 1 to %d objects with role and content, both text",
            (int)MESSAGES_MAX);
        status = CRUX_E_SYNTAX;
    }
    if (status == CRUX_OK)
        status = named->given ? crux_chat_named(&chat, named->text, &said)
                              : crux_chat_recognise(&chat, (const char *)file->chat_template.bytes,
                                                    file->chat_template.len, &said);
    if (status == CRUX_OK && messages == NULL) status = CRUX_E_OUT_OF_MEMORY;
    if (status == CRUX_OK) {
        status = crux_chat_render(&chat, text, tokenizer, messages, count, &said);
        *flags = crux_chat_flags(&chat);
    }
    free(messages);
    json_decref(list);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_fail(v->call, status, "%s", said.text);
}

static enum crux_cli_exit check_text(struct verification *v, const struct crux_model_file *file) {
    const struct crux_cli_value *option = v->call->option;
    const struct crux_cli_receipt *receipt = &v->receipt;
    unsigned flags = CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS;
    struct crux_tokenizer_error error = {""};
    struct crux_text text = {.bytes = NULL};
    struct crux_tokens tokens = {.id = NULL};
    struct crux_tokenizer *tokenizer = NULL;
    enum crux_cli_exit code = crux_cli_prompt_tokenizer(&tokenizer, v->call, file);
    enum crux_status status = CRUX_OK;
    if (code == CRUX_CLI_OK && tokenizer == NULL)
        code = crux_cli_fail(v->call, CRUX_E_UNSUPPORTED, "the model has no tokenizer");
    if (code == CRUX_CLI_OK && option[OPTION_MESSAGES].given)
        code = render_messages(v, &text, &flags, file, tokenizer);
    else if (code == CRUX_CLI_OK)
        status = crux_text_put(&text, option[OPTION_TEXT].text);
    if (code == CRUX_CLI_OK && status == CRUX_OK)
        status =
            crux_tokenizer_encode(tokenizer, &tokens, NULL, text.bytes, text.len, flags, &error);
    if (status != CRUX_OK)
        code = crux_cli_fail(v->call, status, "%s",
                             error.text[0] != 0 ? error.text : crux_status_text(status));
    if (code == CRUX_CLI_OK)
        v->tokens = answer_of(tokens.count == receipt->claim.request_tokens &&
                              memcmp(tokens.id, receipt->tokens, tokens.count * 4) == 0);
    crux_tokens_free(&tokens);
    crux_text_free(&text);
    crux_tokenizer_close(tokenizer);
    return code;
}

static enum crux_cli_exit check_model(struct verification *v) {
    const struct crux_cli_value *option = v->call->option;
    struct crux_engine_loaded loaded;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    enum crux_cli_exit code = CRUX_CLI_OK;
    enum crux_status status =
        crux_engine_load(&loaded, option[OPTION_MODEL].text, option[OPTION_BACKEND].text, message);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    if (memcmp(loaded.file.root, v->receipt.claim.model_root, 32) != 0) {
        code = crux_cli_fail(v->call, CRUX_E_REQUEST_MISMATCH,
                             "'%.200s' is not the model of this receipt: its root is another one",
                             option[OPTION_MODEL].text);
    } else {
        status = crux_model_file_verify(&loaded.file, message, NULL, NULL);
        if (status == CRUX_OK) status = recompute(v, &loaded);
        if (status != CRUX_OK)
            code = crux_cli_fail(v->call, status, "%s",
                                 message[0] != 0 ? message : crux_status_text(status));
    }
    if (code == CRUX_CLI_OK && (option[OPTION_TEXT].given || option[OPTION_MESSAGES].given))
        code = check_text(v, &loaded.file);
    crux_engine_unload(&loaded);
    return code;
}

/* ---- what it came to ---- */

static json_t *json_of(enum answer answer) {
    return answer == UNKNOWN ? json_null() : json_boolean(answer == YES);
}

static void say(const char *what, enum answer answer, const char *more) {
    static const char *const words[] = {"not asked", "yes", "NO"};
    (void)printf("%-12s %s%s%s\n", what, words[answer], more != NULL ? ": " : "",
                 more != NULL ? more : "");
}

static enum crux_cli_exit report(const struct verification *v) {
    const struct crux_cli_receipt *receipt = &v->receipt;
    bool is_false = v->consistent == NO || v->signature == NO || v->chain == NO ||
                    v->included == NO || v->tokens == NO || v->recomputed == NO;
    enum crux_cli_exit code = CRUX_CLI_OK;
    if (v->call->json)
        code = crux_cli_answer(
            v->call,
            json_pack("{s:o, s:o, s:o, s:o, s:s?, s:o, s:o, s:s?, s:o, s:o, s:o}", "consistent",
                      json_of(v->consistent), "signature", json_of(v->signature), "chain",
                      json_of(v->chain), "included", json_of(v->included), "state", v->state,
                      "tokens", json_of(v->tokens), "recomputed", json_of(v->recomputed), "why",
                      v->why, "executor",
                      crux_json_of_bytes(receipt->fields.executor, sizeof receipt->fields.executor),
                      "request_hash", crux_json_of_bytes(receipt->fields.request_hash, 32),
                      "claim_hash", crux_json_of_bytes(receipt->fields.claim_hash, 32)));
    else {
        say("consistent", v->consistent, NULL);
        say("signature", v->signature, NULL);
        say("chain", v->chain, NULL);
        say("included", v->included, v->included == UNKNOWN ? v->why : NULL);
        (void)printf("%-12s %s\n", "state", v->state != NULL ? v->state : "not known");
        say("tokens", v->tokens, NULL);
        say("recomputed", v->recomputed, v->recomputed == NO ? v->why : NULL);
    }
    return code == CRUX_CLI_OK && is_false ? CRUX_CLI_FALSE : code;
}

static enum crux_cli_exit verify(struct verification *v) {
    const struct crux_cli_value *option = v->call->option;
    char message[CRUX_CLI_MESSAGE_BYTES];
    uint8_t *bytes;
    size_t len;
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, v->call->operand[0], CRUX_CLI_RECEIPT_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    status = crux_cli_receipt_read(&v->receipt, message, (const char *)bytes, len);
    free(bytes);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", message);
    status = check_itself(v);
    if (status != CRUX_OK) return crux_cli_fail(v->call, status, "%s", crux_status_text(status));
    enum crux_cli_exit code = option[OPTION_CHAIN].given ? check_chain(v) : CRUX_CLI_OK;
    if (code == CRUX_CLI_OK && option[OPTION_MODEL].given) code = check_model(v);
    return code == CRUX_CLI_OK ? report(v) : code;
}

enum crux_cli_exit crux_cli_run_verify(const struct crux_cli_call *call) {
    struct verification v = {.call = call};
    const struct crux_cli_value *option = call->option;
    bool text = option[OPTION_TEXT].given || option[OPTION_MESSAGES].given;
    if (text && !option[OPTION_MODEL].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "--text and --messages need --model");
    if (option[OPTION_TEXT].given && option[OPTION_MESSAGES].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "either --text or --messages");
    enum crux_cli_exit code = verify(&v);
    crux_cli_receipt_free(&v.receipt);
    return code;
}
