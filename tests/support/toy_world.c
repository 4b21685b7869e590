#include "tests/support/toy_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/toy_program.h"

void world_must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "toy world: %s\n", what);
    exit(1);
}

void world_init(struct world *world, const struct crux_lie *lie, world_change *change) {
    static const uint32_t tokens[WORLD_REQUEST_TOKENS] = {4, 0, 9};
    static const uint8_t manifest[] = "toy";
    struct crux_archive_request request = {.tokens = tokens};
    memset(world, 0, sizeof *world);
    world_must(crux_toy_program(&world->program) == CRUX_OK, "program");
    world_must(crux_model_generate(&world->memory, &world->program, 7) == CRUX_OK, "model");
    world_must(crux_committed_model_init(&world->model, &world->program, &world->memory, manifest,
                                         sizeof manifest) == CRUX_OK,
               "committed model");
    request.fields.request_tokens = WORLD_REQUEST_TOKENS;
    request.fields.limit = WORLD_LIMIT;
    for (unsigned i = 0; i < 32; i++) request.fields.seed[i] = (uint8_t)(3 * i + 1);
    for (unsigned i = 0; i < 32; i++) request.fields.nonce[i] = (uint8_t)(200 - i);
    for (unsigned i = 0; i < CRUX_PARAMS; i++)
        request.fields.param[i] = (int32_t)i + 695; /* param 0 above P: sampled */
    if (change != NULL) change(&request);
    world_must(crux_archive_run(&world->archive, &world->model, &request, lie) == CRUX_OK, "run");
    crux_archive_evidence(world->archive, &world->evidence);
}

void world_free(struct world *world) {
    crux_archive_free(world->archive);
    crux_committed_model_free(&world->model);
    crux_model_memory_free(&world->memory);
    crux_program_free(&world->program);
}
