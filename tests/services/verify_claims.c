/* verify_claims MODEL.crux THREADS EVERY: are receipts on standard input true, one JSON document a line?
 *
 * Each: its hashes and signature, and its claim by teacher forcing, many at once. Of each EVERY receipts one is run again
 * alone, as its request asks: its claim must be the same to the byte, trace root and all. Ends with 1 if one is false. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/keys/keys.h"
#include "challenger/receipt.h"
#include "executor/engine/engine.h"

enum { TOGETHER = 256, ROWS = 256 };

struct verifier {
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    struct crux_challenger_receipt receipts[TOGETHER];
    struct crux_engine_claimed claimed[TOGETHER];
    uint32_t count;
    unsigned every;
    unsigned long long claims, positions, bad, alone, other;
};

static void need(enum crux_status status, const char *what) {
    if (status == CRUX_OK) return;
    (void)fprintf(stderr, "%s: %s\n", what, crux_status_name(status));
    exit(1);
}

/* Do its parts fit each other, and did its executor sign it? */
static bool is_signed(const struct crux_challenger_receipt *receipt) {
    uint8_t digest[32], claim_hash[32], output_root[32];
    struct crux_account executor;
    crux_receipt_digest(digest, &receipt->fields);
    crux_claim_hash(claim_hash, &receipt->claim);
    need(crux_challenger_tokens_root(output_root, receipt->output, receipt->claim.chosen_tokens),
         "tokens");
    memcpy(executor.b, receipt->fields.executor, sizeof executor.b);
    return memcmp(digest, receipt->id, 32) == 0 &&
           memcmp(claim_hash, receipt->fields.claim_hash, 32) == 0 &&
           memcmp(receipt->claim.request_hash, receipt->fields.request_hash, 32) == 0 &&
           memcmp(output_root, receipt->claim.output_root, 32) == 0 &&
           crux_keys_verify(NULL, &executor, digest, receipt->signature);
}

static void say_false(struct verifier *v, const char *what,
                      const struct crux_challenger_receipt *receipt) {
    v->bad++;
    (void)printf("FALSE: %s, receipt ", what);
    for (size_t i = 0; i < sizeof receipt->id; i++) (void)printf("%02x", receipt->id[i]);
    (void)printf("\n");
}

static void run_alone(struct verifier *v, uint32_t number) {
    struct crux_challenger_receipt *receipt = &v->receipts[number];
    struct crux_engine_result result;
    uint8_t hash[32];
    need(crux_engine_generate(v->engine, v->loaded.file.root, &v->claimed[number].request, NULL,
                              &result),
         "a run alone");
    crux_claim_hash(hash, &result.claim);
    v->alone++;
    if (memcmp(hash, receipt->fields.claim_hash, 32) != 0 ||
        memcmp(result.claim.trace_root, receipt->claim.trace_root, 32) != 0) {
        v->other++;
        say_false(v, "alone the run is another one", receipt);
    }
    crux_engine_result_free(&result);
}

static void verify(struct verifier *v) {
    need(crux_engine_verify(v->engine, v->loaded.file.root, v->claimed, v->count), "verify");
    for (uint32_t i = 0; i < v->count; i++) {
        const struct crux_claim *claim = &v->receipts[i].claim;
        if (v->claimed[i].verdict != CRUX_ENGINE_CLAIM_TRUE)
            say_false(v, "by teacher forcing", &v->receipts[i]);
        if (!is_signed(&v->receipts[i])) say_false(v, "its hashes or signature", &v->receipts[i]);
        v->positions += claim->request_tokens + claim->chosen_tokens - 1;
        if (v->claims++ % v->every == 0) run_alone(v, i);
    }
    for (uint32_t i = 0; i < v->count; i++) crux_challenger_receipt_free(&v->receipts[i]);
    v->count = 0;
}

static void take(struct verifier *v, const char *line, size_t len) {
    char message[CRUX_CHALLENGER_RECEIPT_MESSAGE_BYTES];
    struct crux_challenger_receipt *receipt = &v->receipts[v->count];
    struct crux_engine_claimed *claimed = &v->claimed[v->count];
    *receipt = (struct crux_challenger_receipt){.tokens = NULL};
    need(crux_challenger_receipt_read(receipt, message, line, len), "a receipt");
    *claimed = (struct crux_engine_claimed){
        .request = {.tokens = receipt->tokens}, .claim = receipt->claim, .tokens = receipt->output};
    crux_request_read(&claimed->request.fields, receipt->request);
    need(crux_request_check(&claimed->request.fields), "a request");
    if (claimed->request.fields.request_tokens != receipt->claim.request_tokens)
        need(CRUX_E_REQUEST_INVALID, "a request");
    if (++v->count == TOGETHER) verify(v);
}

int main(int argc, char **argv) {
    static struct verifier v;
    char message[CRUX_MODEL_MESSAGE_BYTES], *line = NULL;
    size_t cap = 0;
    ssize_t len;
    if (argc != 4 || strtoul(argv[3], NULL, 10) == 0) return 2;
    const struct crux_engine_options options = {.threads = (unsigned)strtoul(argv[2], NULL, 10),
                                                .rows = ROWS};
    v.every = (unsigned)strtoul(argv[3], NULL, 10);
    need(crux_engine_load(&v.loaded, argv[1], NULL, message), argv[1]);
    need(crux_engine_open(&v.engine, v.loaded.model, &options), "the engine");
    while ((len = getline(&line, &cap, stdin)) > 0) take(&v, line, (size_t)len);
    if (v.count > 0) verify(&v);
    free(line);
    crux_engine_close(v.engine);
    crux_engine_unload(&v.loaded);
    (void)printf("{\"claims\": %llu, \"positions\": %llu, \"false\": %llu, \"alone\": %llu, "
                 "\"other\": %llu}\n",
                 v.claims, v.positions, v.bad, v.alone, v.other);
    return v.bad == 0 ? 0 : 1;
}
