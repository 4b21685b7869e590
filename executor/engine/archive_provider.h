/* An archive as what a player of the game knows of a run. */
#ifndef CRUX_EXECUTOR_ENGINE_ARCHIVE_PROVIDER_H
#define CRUX_EXECUTOR_ENGINE_ARCHIVE_PROVIDER_H

#include "bisection/bisection.h"
#include "executor/engine/archive.h"

/* Must not be moved: the provider points to the evidence. */
struct crux_archive_provider {
    struct crux_evidence evidence;
    struct crux_provider provider;
};

/* In: archive, which outlives it; one thread at a time, as for crux_archive_evidence. */
void crux_archive_provider(struct crux_archive_provider *out, struct crux_archive *archive);

#endif
