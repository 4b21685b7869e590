/* A committed run of the toy program outside of a test: what vectors, fuzz targets and benches start from. */
#ifndef CRUX_TESTS_SUPPORT_TOY_WORLD_H
#define CRUX_TESTS_SUPPORT_TOY_WORLD_H

#include "executor/engine/engine.h"
#include "kernels/interpreter/generate.h"

enum { WORLD_REQUEST_TOKENS = 3, WORLD_LIMIT = 6 };

/* 3 request tokens, 6 chosen ones, positions 0 .. 7. */
struct world {
    struct crux_program program;
    struct crux_model_memory memory;
    struct crux_committed_model model;
    struct crux_archive *archive;
    struct crux_evidence evidence;
};

typedef void world_change(struct crux_archive_request *request);

/* Stops the process if anything fails.  In: lie and change, may be NULL. */
void world_init(struct world *world, const struct crux_lie *lie, world_change *change);
void world_free(struct world *world);

/* Says what is wrong and stops the process unless `holds`. */
void world_must(bool holds, const char *what);

#endif
