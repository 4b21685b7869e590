/* test_verify_layers CRUX: crux verify --layers before executors that lie in a layer, or in what they serve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "chain-adapter/keys/keys.h"
#include "tests/challenger/double_executor.h"
#include "tests/support/small_file.h"
#include "tests/support/temporary_folder.h"

static const char *program;

static struct {
    char folder[256], model[300], receipt[300], bearer[200];
    struct crux_key key;
    struct double_executor executor;
} w;

static int make(void **state) {
    static const uint8_t secret[CRUX_KEY_BYTES] = {7};
    (void)state;
    memset(&w, 0, sizeof w);
    temporary_folder_make(w.folder);
    (void)snprintf(w.model, sizeof w.model, "%s/a.crux", w.folder);
    (void)snprintf(w.receipt, sizeof w.receipt, "%s/receipt.json", w.folder);
    small_file_make(w.model, w.folder, 1);
    double_open(&w.executor, w.model, w.model, "someone");
    double_listen(&w.executor, 0);
    assert_int_equal(crux_key_read(&w.key, secret), CRUX_OK);
    return 0;
}

static int remove_it(void **state) {
    (void)state;
    double_close(&w.executor);
    temporary_folder_remove(w.folder);
    return 0;
}

static json_t *hex(const uint8_t *bytes, size_t len) {
    char text[1024];
    assert_true(2 * len < sizeof text);
    for (size_t i = 0; i < len; i++) (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return json_string(text);
}

static json_t *list(const uint32_t *tokens, uint32_t count) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < count; i++)
        (void)json_array_append_new(array, json_integer(tokens[i]));
    return array;
}

/* Runs a request, and writes its receipt. */
static void claim(enum double_lie lie, uint8_t mode) {
    const struct double_claim *c = &w.executor.claim[double_run(&w.executor, 42, lie)];
    const struct crux_claim *claimed = crux_archive_claim(c->archive);
    const struct crux_run *run = crux_archive_tokens(c->archive);
    static const char *const modes[] = {NULL, "full", "batched", "private"};
    struct crux_receipt fields = {.mode = mode, .deadline = 1000};
    uint8_t claim_bytes[CRUX_CLAIM_BYTES], digest[32], signature[CRUX_SIGNATURE_BYTES];
    memcpy(fields.executor, w.key.account.b, sizeof fields.executor);
    memcpy(fields.claim_hash, c->hash, 32);
    crux_request_hash(fields.request_hash, c->request);
    if (mode == CRUX_MODE_PRIVATE) fields.requester[0] = 1;
    crux_receipt_digest(digest, &fields);
    assert_int_equal(crux_key_sign(signature, &w.key, digest), CRUX_OK);
    crux_claim_encode(claim_bytes, claimed);
    json_t *object = json_pack(
        "{s:i, s:o, s:o, s:o, s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "version", 1, "id",
        hex(digest, 32), "chain", hex(fields.chain_id, 32), "contract", hex(fields.contract, 32),
        "executor", hex(fields.executor, 20), "mode", modes[mode], "deadline",
        (json_int_t)fields.deadline, "requester",
        mode == CRUX_MODE_PRIVATE ? hex(fields.requester, 20) : json_null(), "request",
        hex(c->request, CRUX_REQUEST_BYTES), "request_tokens",
        list(c->tokens, claimed->request_tokens), "claim", hex(claim_bytes, sizeof claim_bytes),
        "output_tokens", list(run->tokens, claimed->chosen_tokens), "signature",
        hex(signature, sizeof signature));
    assert_non_null(object);
    assert_int_equal(json_dump_file(object, w.receipt, JSON_COMPACT), 0);
    json_decref(object);
    (void)strcpy(w.bearer, "Bearer ");
    for (size_t i = 0; i < sizeof signature; i++)
        (void)snprintf(w.bearer + strlen("Bearer ") + 2 * i, 3, "%02x", signature[i]);
}

/* Out: text, all that was said.  Returns: the exit code. */
static int run(char text[8192], const char *layers, const char *more) {
    char command[2048];
    (void)snprintf(command, sizeof command,
                   "'%s' verify '%s' --model '%s' --threads 1 --executor %s --layers %s %s 2>&1",
                   program, w.receipt, w.model, w.executor.url, layers, more);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t len = fread(text, 1, 8191, pipe);
    text[len] = 0;
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Out: answer, of --json.  Returns: the exit code. */
static int ask(json_t **answer, const char *layers) {
    char text[8192];
    int code = run(text, layers, "--json");
    *answer = json_loads(text, 0, NULL);
    if (*answer == NULL) fail_msg("no JSON: %s", text);
    return code;
}

static const char *text_of(const json_t *answer, const char *name) {
    const char *text = json_string_value(json_object_get(answer, name));
    return text == NULL ? "" : text;
}

static void says(const char *text, const char *wanted) {
    if (strstr(text, wanted) == NULL) fail_msg("'%s' is not in: %s", wanted, text);
}

static void what_is_true_is_true(void **state) {
    char text[8192];
    json_t *answer;
    (void)state;
    claim(DOUBLE_HONEST, CRUX_MODE_BATCHED);
    assert_int_equal(ask(&answer, "0,1,2"), 0);
    assert_true(json_is_true(json_object_get(answer, "sampled")));
    assert_true(json_is_true(json_object_get(answer, "signature")));
    assert_true(json_is_null(json_object_get(answer, "recomputed")));
    const json_t *audit = json_object_get(answer, "audit");
    assert_int_equal(json_array_size(json_object_get(audit, "layers")), 3);
    assert_int_equal(json_integer_value(json_object_get(audit, "of")), 3);
    assert_true(json_is_false(json_object_get(audit, "drawn")));
    assert_true(json_integer_value(json_object_get(audit, "fetched_bytes")) > 1000);
    json_decref(answer);
    assert_int_equal(run(text, "2,0", ""), 0);
    says(text, "sampled      yes: layers 0, 2 of 3; not checked: the other 1\n");
    assert_int_equal(run(text, "1,", ""), 0);
    says(text, "sampled      yes: layer 1 of 3; not checked: the other 2\n");
}

static void a_count_is_drawn(void **state) {
    char text[8192];
    bool seen[3] = {false, false, false};
    (void)state;
    claim(DOUBLE_HONEST, CRUX_MODE_BATCHED);
    /* not all three: once in 10^10 */
    for (unsigned i = 0; i < 60 && !(seen[0] && seen[1] && seen[2]); i++) {
        assert_int_equal(run(text, "1", ""), 0);
        says(text, "of 3, drawn at random; not checked: the other 2\n");
        const char *at = strstr(text, "layer ");
        assert_non_null(at);
        seen[at[6] - '0'] = true;
    }
    assert_true(seen[0] && seen[1] && seen[2]);
}

/* The lie is at position 7 of layer 1. */
static void a_lie_is_found_where_it_is(void **state) {
    json_t *answer;
    (void)state;
    claim(DOUBLE_LAYER, CRUX_MODE_BATCHED);
    assert_int_equal(ask(&answer, "1,"), 3);
    assert_true(json_is_false(json_object_get(answer, "sampled")));
    says(text_of(json_object_get(answer, "audit"), "verdict"), "record");
    says(text_of(answer, "why"), "position 7, layer 1 (trace leaf 22)");
    json_decref(answer);
    /* elsewhere all follows from what is committed: true, as far as it goes */
    assert_int_equal(ask(&answer, "0,2"), 0);
    assert_true(json_is_true(json_object_get(answer, "sampled")));
    json_decref(answer);
}

static void false_output_needs_no_layer(void **state) {
    json_t *answer;
    (void)state;
    claim(DOUBLE_TOKEN, CRUX_MODE_BATCHED);
    assert_int_equal(ask(&answer, "0,"), 3);
    assert_true(json_is_false(json_object_get(answer, "sampled")));
    json_decref(answer);
}

static void expect_unproved(const char *layers, const char *error, const char *why) {
    json_t *answer;
    assert_int_equal(ask(&answer, layers), 1);
    assert_string_equal(text_of(answer, "error"), error);
    says(text_of(answer, "message"), why);
    says(text_of(answer, "message"), "nothing is proved");
    json_decref(answer);
}

static void a_lying_server_proves_nothing(void **state) {
    struct double_executor *d = &w.executor;
    (void)state;
    claim(DOUBLE_HONEST, CRUX_MODE_BATCHED);
    d->serving = DOUBLE_SERVES_OTHERS;
    expect_unproved("1,", "proof_root_mismatch", "position 11, layer 0 is not the committed one");
    d->serving = DOUBLE_SERVES_SHORT;
    expect_unproved("1,", "bad_layout", "from position 11, layer 0 on is too short");
    d->serving = DOUBLE_SERVES_LONG;
    expect_unproved("1,", "bad_layout", "layer 0 on is too short, too long");
    d->serving = DOUBLE_SERVES_LEAVES;
    expect_unproved("0,", "proof_root_mismatch", "leaves");
    d->serving = DOUBLE_SERVES_TRULY;
    d->serves_traces = false;
    expect_unproved("1,", "not_found", "answered with 404");
}

static void a_private_claim_is_served_to_its_holder(void **state) {
    json_t *answer;
    (void)state;
    claim(DOUBLE_HONEST, CRUX_MODE_PRIVATE);
    w.executor.wants = w.bearer;
    assert_int_equal(ask(&answer, "1,"), 0);
    json_decref(answer);
    claim(DOUBLE_HONEST, CRUX_MODE_BATCHED); /* the signature of what is public is not given away */
    w.executor.wants = w.bearer;
    expect_unproved("1,", "not_found", "404");
}

static void bad_options_are_refused(void **state) {
    static const char *const layers[] = {"0", "x",  "1,x", "1,,2",    ",",
                                         "4", "3,", "1,1", "99999999"};
    json_t *answer;
    (void)state;
    claim(DOUBLE_HONEST, CRUX_MODE_BATCHED);
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(layers); i++) {
        int code = ask(&answer, layers[i]);
        if (code != 2 || strstr(text_of(answer, "message"), "--layers") == NULL)
            fail_msg("--layers %s: %d", layers[i], code);
        json_decref(answer);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    program = argv[1];
    if (argc > 2) cmocka_set_test_filter(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_true_is_true, make, remove_it),
        cmocka_unit_test_setup_teardown(a_count_is_drawn, make, remove_it),
        cmocka_unit_test_setup_teardown(a_lie_is_found_where_it_is, make, remove_it),
        cmocka_unit_test_setup_teardown(false_output_needs_no_layer, make, remove_it),
        cmocka_unit_test_setup_teardown(a_lying_server_proves_nothing, make, remove_it),
        cmocka_unit_test_setup_teardown(a_private_claim_is_served_to_its_holder, make, remove_it),
        cmocka_unit_test_setup_teardown(bad_options_are_refused, make, remove_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
