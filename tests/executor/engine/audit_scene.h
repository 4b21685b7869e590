/* One claim by an archive, honest or lying, and its audit with just some layers of the model in memory. */
#ifndef CRUX_TESTS_EXECUTOR_ENGINE_AUDIT_SCENE_H
#define CRUX_TESTS_EXECUTOR_ENGINE_AUDIT_SCENE_H

#include "tests/executor/engine/engine_fixture.h"
#include "tests/executor/engine/served_archive.h"

enum { AUDIT_CONTEXT = 24, AUDIT_LAYERS_MAX = 8, AUDIT_LIES = 2 };

/* Lies in the records of some steps: an element of a store of each. */
struct audit_lies {
    struct audit_place {
        uint32_t pos, layer, store, element;
        bool outside; /* of its declared range: for a residual row */
    } at[AUDIT_LIES];
    uint32_t count;
};
/* Out: how to lie.  In: lies, which outlive it. */
void audit_lies_init(struct crux_lie *lie, struct audit_lies *lies);

/* Any place of the fixture's run where something is recorded. */
struct audit_place audit_place_any(const struct engine_fixture *f, struct crux_random *random);

struct audit_scene {
    struct engine_fixture f;
    struct served_archive store;
    struct crux_engine_audited audited;
    uint32_t layers; /* of the program */
};

/* A random decoder and a request. */
void audit_scene_init(struct audit_scene *s, struct crux_random *random);
void audit_scene_free(struct audit_scene *s);
/* Runs the request, as a liar would; the claim to be audited is the archive's then.  In: lie, may be NULL. */
void audit_scene_run(struct audit_scene *s, const struct crux_lie *lie);

/* How an audit is done. */
struct audit_way {
    const char *backend;
    unsigned threads;
    uint32_t rows;
};
/* Judges s->audited. Whatever looks at a weight of another layer ends the test. */
void audit_scene_judge(struct audit_scene *s, const struct audit_way *way, const uint32_t *layers,
                       uint32_t count);
void audit_scene_expect(const struct audit_scene *s, enum crux_engine_audit_verdict verdict,
                        uint32_t pos, uint32_t layer);

#endif
