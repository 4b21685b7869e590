/* An archive as what an executor serves to an auditor, honest or not. */
#ifndef CRUX_TESTS_EXECUTOR_ENGINE_SERVED_ARCHIVE_H
#define CRUX_TESTS_EXECUTOR_ENGINE_SERVED_ARCHIVE_H

#include "executor/engine/engine.h"

enum { SERVED_CLAIMS_MAX = 8 };

struct served_archive {
    struct crux_archive *archive[SERVED_CLAIMS_MAX]; /* of each claim */
    uint8_t *bytes;
    size_t cap;
    struct crux_engine_served served; /* ctx: this */
    uint32_t calls;                   /* of records */
    uint32_t last_layer;              /* asked for in the last of them */
};

/* Out: s, not to be moved, to be freed with served_archive_free. */
void served_archive_init(struct served_archive *s);
void served_archive_free(struct served_archive *s);

#endif
