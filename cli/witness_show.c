/* crux witness show: what a case file holds, and what the adjudicator finds. */
#include <stdio.h>
#include <stdlib.h>

#include "bisection/bisection.h"
#include "chain-adapter/io/json.h"
#include "cli/command.h"
#include "cli/file.h"
#include "cli/output.h"

enum { CASE_BYTES_MAX = 1 << 20 };

static void print_line(void *ctx, const char *text) {
    (void)ctx;
    printf("%s\n", text);
}

static void append_line(void *ctx, const char *text) {
    (void)json_array_append_new(ctx, crux_cli_json_text(text));
}

static json_t *describe_element(const struct crux_element_id *element) {
    return json_pack("{s:i, s:I, s:I, s:I, s:I}", "kind", (int)element->kind, "position",
                     (json_int_t)element->pos, "layer", (json_int_t)element->layer, "op",
                     (json_int_t)element->op, "index", (json_int_t)element->index);
}

/* A witness without a finding is shown all the same: its error is what there is to see. */
static json_t *describe(const struct crux_case *c) {
    enum crux_finding finding;
    enum crux_status status =
        crux_adjudicate(&finding, &c->claim, &c->element, c->witness, c->witness_bytes);
    json_t *found = status != CRUX_OK
                        ? json_null()
                        : json_string(finding == CRUX_CONSISTENT ? "consistent" : "inconsistent");
    uint8_t hash[32];
    crux_claim_hash(hash, &c->claim);
    json_t *lines = json_array();
    if (lines != NULL) crux_witness_show(c, append_line, lines);
    return json_pack("{s:o, s:s, s:I, s:o, s:o, s:o}", "finding", found, "status",
                     crux_status_name(status), "witness_bytes", (json_int_t)c->witness_bytes,
                     "claim_hash", crux_json_of_bytes(hash, sizeof hash), "element",
                     describe_element(&c->element), "lines", lines);
}

enum crux_cli_exit crux_cli_run_witness_show(const struct crux_cli_call *call) {
    uint8_t *bytes;
    size_t len;
    char message[CRUX_CLI_MESSAGE_BYTES];
    struct crux_case c;
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, call->operand[0], CASE_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    enum crux_cli_exit code = CRUX_CLI_OK;
    status = crux_case_decode(&c, bytes, len);
    if (status != CRUX_OK)
        code = crux_cli_fail(call, status, "'%.300s' is no case of claim, element and witness: %s",
                             call->operand[0], crux_status_text(status));
    else if (call->json)
        code = crux_cli_answer(call, describe(&c));
    else
        crux_witness_show(&c, print_line, NULL);
    free(bytes);
    return code;
}
