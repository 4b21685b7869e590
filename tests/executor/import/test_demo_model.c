/* The demo model, SmolLM2-135M-Instruct in Q4_1, if this machine has it: CRUX_DEMO_MODEL names it, or ./dev's cache. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "executor/engine/engine.h"
#include "executor/import/import.h"
#include "tests/support/temporary_folder.h"

static const char *find_demo_model(char path[600]) {
    static const char name[] = "crux/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    const char *named = getenv("CRUX_DEMO_MODEL"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    if (named != NULL)
        (void)snprintf(path, 600, "%s", named);
    else if (cache != NULL)
        (void)snprintf(path, 600, "%s/%s", cache, name);
    else
        (void)snprintf(path, 600, "%s/.cache/%s", home != NULL ? home : "", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

static double now_seconds(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static char source[600];

static void the_demo_model_is_imported_and_certified(void **state) {
    struct crux_import_report report;
    struct crux_import_message said;
    struct crux_model_file model;
    char folder[256], output[300], message[CRUX_MODEL_MESSAGE_BYTES];
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(output, sizeof output, "%s/demo.crux", folder);
    enum crux_status status = crux_import(source, output, NULL, &report, &said);
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), said.text);
    double start = now_seconds();
    status = crux_model_file_open(&model, output, message);
    double opened = now_seconds() - start;
    temporary_folder_remove(folder); /* the map stays */
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), message);
    assert_int_equal(crux_model_file_verify(&model, message, NULL, NULL), CRUX_OK);
    print_message("seconds %.2f, opened in %.1f ms, witness_bytes_max %lld, overflow_margin_bits "
                  "%lld, import_error %.3g, norm_error %.3g\nmodel_root ",
                  report.seconds, opened * 1e3, (long long)report.certificate.witness_bytes.value,
                  (long long)report.certificate.margin_bits.value, report.import_error,
                  report.norm_error);
    for (size_t i = 0; i < 32; i++) print_message("%02x", report.model_root[i]);
    print_message("\n");
    assert_true(report.import_error < 1.3e-4 && report.norm_error < 1e-5);
    assert_true(report.certificate.witness_bytes.value <= 4096);
    assert_int_equal(model.config.decoder.blocks, 30);
    assert_true(model.tokenizer.len > 0 && model.chat_template.len > 0);
    crux_model_file_close(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_demo_model_is_imported_and_certified),
    };
    if (find_demo_model(source) == NULL) {
        (void)printf("skipped: the demo model is not at %s (./dev model fetches it)\n", source);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
