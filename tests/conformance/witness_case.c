#include "tests/conformance/witness_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_part(void *ctx, const char *name, size_t at) {
    struct case_bytes *c = ctx;
    world_must(c->parts < WORLD_PARTS_MAX, "too many parts");
    c->part[c->parts].name = name;
    c->part[c->parts].start = c->parts == 0 ? 2 : c->part[c->parts - 1].end;
    c->part[c->parts++].end = at;
}

void case_build(struct case_bytes *c, struct world *world, struct crux_element_id element) {
    struct crux_observer observer = {.ctx = c, .part = on_part};
    struct crux_writer writer;
    enum crux_finding finding;
    *c = (struct case_bytes){.claim = *world->evidence.claim, .element = element};
    crux_writer_init(&writer, c->witness, sizeof c->witness);
    world_must(crux_witness_address(&c->element, &world->evidence) == CRUX_OK, "address");
    world_must(crux_witness_build(&writer, &world->evidence, &c->element) == CRUX_OK, "witness");
    c->len = writer.at;
    world_must(crux_adjudicate_watched(&finding, &c->claim, &c->element, c->witness, c->len,
                                       &observer) == CRUX_OK,
               "a built witness is refused");
}

static unsigned find_part(const struct case_bytes *c, const char *name) {
    unsigned i = 0;
    while (i < c->parts && strcmp(c->part[i].name, name) != 0) i++;
    world_must(i < c->parts, name);
    return i;
}

size_t case_part(const struct case_bytes *c, const char *name) {
    return c->part[find_part(c, name)].start;
}
size_t case_part_end(const struct case_bytes *c, const char *name) {
    return c->part[find_part(c, name)].end;
}

void case_splice(struct case_bytes *c, size_t at, size_t cut, const uint8_t *put, size_t len) {
    world_must(at + cut <= c->len && c->len - cut + len <= sizeof c->witness, "splice");
    memmove(c->witness + at + len, c->witness + at + cut, c->len - at - cut);
    if (len != 0) memcpy(c->witness + at, put, len);
    c->len = c->len - cut + len;
}

static enum crux_status judge(enum crux_finding *finding, const struct case_bytes *c) {
    uint8_t claim[CRUX_CLAIM_BYTES], element[CRUX_ELEMENT_BYTES];
    struct crux_claim claim_back;
    struct crux_element_id element_back;
    *finding = CRUX_FINDING_NONE;
    crux_claim_encode(claim, &c->claim);
    crux_element_encode(element, &c->element);
    enum crux_status status = crux_claim_decode(&claim_back, claim, sizeof claim);
    if (status == CRUX_OK) status = crux_element_decode(&element_back, element, sizeof element);
    return status != CRUX_OK
               ? status
               : crux_adjudicate(finding, &claim_back, &element_back, c->witness, c->len);
}

static json_t *start(struct crux_vector_file *file, const char *function, const char *reason,
                     const struct case_bytes *c) {
    uint8_t bytes[CRUX_CLAIM_BYTES];
    json_t *vector = crux_vector_add(file, function, reason);
    crux_claim_encode(bytes, &c->claim);
    crux_vector_set_hex(vector, "claim", bytes, CRUX_CLAIM_BYTES);
    crux_element_encode(bytes, &c->element);
    crux_vector_set_hex(vector, "element", bytes, CRUX_ELEMENT_BYTES);
    crux_vector_set_hex(vector, "witness", c->witness, c->len);
    return vector;
}

static void compare(const char *function, const char *reason, enum crux_status status,
                    enum crux_finding finding, enum crux_status want_status,
                    enum crux_finding want) {
    if (status == want_status && finding == want) return;
    fprintf(stderr, "generate: %s_case_%s gives %s, finding %d\n", function, reason,
            crux_status_name(status), finding);
    exit(1);
}

void case_expect(struct crux_vector_file *file, const char *function, const char *reason,
                 const struct case_bytes *c, enum crux_finding want) {
    enum crux_finding finding;
    enum crux_status status = judge(&finding, c);
    compare(function, reason, status, finding, CRUX_OK, want);
    crux_vector_set(start(file, function, reason, c), "finding",
                    json_string(want == CRUX_CONSISTENT ? "consistent" : "inconsistent"));
}

void case_expect_error(struct crux_vector_file *file, const char *function, const char *reason,
                       const struct case_bytes *c, enum crux_status want) {
    enum crux_finding finding;
    enum crux_status status = judge(&finding, c);
    compare(function, reason, status, finding, want, CRUX_FINDING_NONE);
    crux_vector_set_error(start(file, function, reason, c), want);
}
