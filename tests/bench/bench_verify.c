/* How much sooner a claim is checked than it was made: seconds of plain generation of an answer, of its verification,
 * and of that of 16 claims in one batch (16 times the same one; the engine does not notice).
 *
 *   bench_verify MODEL.crux [THREADS [TOKENS [REQUEST_TOKENS]]]
 *
 * Rounds of all three in turn; the least of each counts. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "executor/engine/engine.h"

enum { ROUNDS = 3, CLAIMS = 16, ROWS = 256, TOKENS = 256, REQUEST_TOKENS = 32 };

static void need(enum crux_status status, const char *what) {
    if (status == CRUX_OK) return;
    printf("%s: %s\n", what, crux_status_name(status));
    exit(1);
}

static double seconds_now(void) {
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Lowers *least to the seconds it takes to verify these claims, all of which are true. */
static void verify(double *least, struct crux_engine *engine, const uint8_t *model_root,
                   struct crux_engine_claimed *claimed, uint32_t count) {
    double start = seconds_now();
    need(crux_engine_verify(engine, model_root, claimed, count), "verification");
    double seconds = seconds_now() - start;
    for (uint32_t i = 0; i < count; i++) {
        if (claimed[i].verdict == CRUX_ENGINE_CLAIM_TRUE) continue;
        printf("claim %u is false: verdict %d\n", (unsigned)i, (int)claimed[i].verdict);
        exit(1);
    }
    if (seconds < *least) *least = seconds;
}

static uint32_t number(int argc, char **argv, int at, uint32_t otherwise) {
    return argc > at ? (uint32_t)strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    struct crux_engine_options options = {.threads = number(argc, argv, 2, 1), .rows = ROWS};
    uint32_t n = number(argc, argv, 4, REQUEST_TOKENS);
    struct crux_engine_request request = {
        .fields = {.request_tokens = n,
                   .limit = number(argc, argv, 3, TOKENS),
                   .param = {[CRUX_SAMPLE_PENALTY] = CRUX_SAMPLE_ONE}}};
    struct crux_engine_claimed claimed[CLAIMS];
    struct crux_engine_loaded loaded;
    struct crux_engine *engine;
    double made = 1e9, one = 1e9, all = 1e9;
    char message[CRUX_MODEL_MESSAGE_BYTES];
    if (argc < 2) return 2;
    need(crux_engine_load(&loaded, argv[1], NULL, message), argv[1]);
    uint32_t *tokens = calloc(n, sizeof *tokens);
    if (tokens == NULL) return 1;
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = (i + 1) * UINT32_C(2654435761) % loaded.file.program.header.vocab;
    request.tokens = tokens;
    need(crux_engine_open(&engine, loaded.model, &options), "engine");
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct crux_engine_result result;
        need(crux_engine_generate(engine, loaded.file.root, &request, NULL, &result), "run");
        if (result.prefill_seconds + result.decode_seconds < made)
            made = result.prefill_seconds + result.decode_seconds;
        for (unsigned i = 0; i < CLAIMS; i++)
            claimed[i] = (struct crux_engine_claimed){
                .request = request, .claim = result.claim, .tokens = result.tokens};
        verify(&one, engine, loaded.file.root, claimed, 1);
        verify(&all, engine, loaded.file.root, claimed, CLAIMS);
        crux_engine_result_free(&result);
    }
    printf("%u request tokens, %u chosen, %u threads, backend %s: chosen in %.3f s; verified in "
           "%.3f s, %.2f times as fast; %d at once in %.3f s, %.2f times as fast\n",
           (unsigned)n, (unsigned)request.fields.limit, crux_engine_threads(engine),
           crux_engine_model_backend(loaded.model), made, one, made / one, CLAIMS, all,
           CLAIMS * made / all);
    crux_engine_close(engine);
    crux_engine_unload(&loaded);
    free(tokens);
    return 0;
}
