/* The demo model: records of the engine, and random steps of them expanded to ops by the interpreter.  In: the model at
 * CRUX_DEMO_MODEL, or in ./dev's cache; skipped without it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "executor/engine/engine.h"
#include "executor/import/import.h"
#include "tests/executor/engine/expanded_steps.h"
#include "tests/support/temporary_folder.h"

enum { STEPS = CRUX_SANITIZED ? 2 : 8 };

static char source[600];

static bool find_demo_model(void) {
    static const char name[] = "crux/models/SmolLM2-135M-Instruct.Q4_1.gguf";
    const char *named = getenv("CRUX_DEMO_MODEL"), *cache = getenv("XDG_CACHE_HOME"),
               *home = getenv("HOME");
    if (named != NULL)
        (void)snprintf(source, sizeof source, "%s", named);
    else if (cache != NULL)
        (void)snprintf(source, sizeof source, "%s/%s", cache, name);
    else
        (void)snprintf(source, sizeof source, "%s/.cache/%s", home != NULL ? home : "", name);
    return access(source, R_OK) == 0;
}

static void test_steps(void **state) {
    char folder[256], path[300], message[CRUX_MODEL_MESSAGE_BYTES];
    struct crux_import_report report;
    struct crux_import_message said;
    struct crux_engine_loaded loaded;
    struct crux_random random = {.state = 2026};
    const struct crux_import_options options = {.context = 256};
    (void)state;
    temporary_folder_make(folder);
    (void)snprintf(path, sizeof path, "%s/demo.crux", folder);
    enum crux_status status = crux_import(source, path, &options, &report, &said);
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), said.text);
    status = crux_engine_load(&loaded, path, NULL, message);
    temporary_folder_remove(folder); /* the map stays */
    if (status != CRUX_OK) fail_msg("%s: %s", crux_status_name(status), message);
    print_message("backend %s\n", crux_engine_model_backend(loaded.model));
    expand_steps(&loaded, &random, STEPS);
    crux_engine_unload(&loaded);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};
    if (!find_demo_model()) {
        (void)printf("skipped: the demo model is not at %s (./dev model fetches it)\n", source);
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
