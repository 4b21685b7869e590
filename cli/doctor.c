/* crux doctor: what this machine and this build have, each thing asked a question whose answer is known. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/doctor_known.h"
#include "cli/output.h"

#if defined(__clang__)
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

struct feature {
    const char *name;
    bool here;
};

enum { FEATURES_MAX = 8 };

static unsigned list_features(struct feature out[FEATURES_MAX]) {
    unsigned count = 0;
#if defined(__x86_64__) || defined(__i386__)
    out[count++] = (struct feature){"sse4.1", __builtin_cpu_supports("sse4.1") != 0};
    out[count++] = (struct feature){"avx2", __builtin_cpu_supports("avx2") != 0};
    out[count++] = (struct feature){"avx512f", __builtin_cpu_supports("avx512f") != 0};
    out[count++] = (struct feature){"avx512bw", __builtin_cpu_supports("avx512bw") != 0};
    out[count++] = (struct feature){"avx512vnni", __builtin_cpu_supports("avx512vnni") != 0};
#else
    (void)out;
#endif
    return count;
}

/* Verdicts are statuses' names: "ok", or why not. */
static enum crux_status sha256_verdict(const struct crux_sha256_impl *impl) {
    return impl->available() ? crux_sha256_known_answers(impl) : CRUX_E_UNSUPPORTED;
}

/* In: reference, what the interpreter's known answers gave: the reference backend stands on it. */
static enum crux_status backend_verdict(const struct crux_backend *backend,
                                        enum crux_status reference) {
    if (backend->unavailable() != NULL) return CRUX_E_UNSUPPORTED;
    if (strcmp(backend->name, "reference") == 0 && reference != CRUX_OK) return reference;
    return crux_backend_known_answers(backend);
}

static const char *architecture(void) {
#if defined(__x86_64__)
    return "x86-64";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__riscv)
    return "riscv";
#else
    return "other";
#endif
}

struct finding {
    enum crux_status reference;
    char why[CRUX_CLI_MESSAGE_BYTES]; /* of the reference, if it failed */
    bool ok;
};

static enum crux_cli_exit say_json(const struct crux_cli_call *call, const struct finding *found) {
    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    json_t *hashes = json_object();
    for (size_t i = 0; i < count; i++)
        (void)json_object_set_new(hashes, impls[i].name,
                                  json_string(crux_status_name(sha256_verdict(&impls[i]))));
    json_t *backends = json_array(), *verdicts = json_object();
    const struct crux_backend *const *list = crux_backend_list(&count);
    for (size_t i = 0; i < count; i++) {
        enum crux_status status = backend_verdict(list[i], found->reference);
        if (status == CRUX_OK) (void)json_array_append_new(backends, json_string(list[i]->name));
        (void)json_object_set_new(verdicts, list[i]->name, json_string(crux_status_name(status)));
    }
    struct feature features[FEATURES_MAX];
    unsigned features_count = list_features(features);
    json_t *cpu = json_array();
    for (unsigned i = 0; i < features_count; i++) {
        if (features[i].here) (void)json_array_append_new(cpu, json_string(features[i].name));
    }
    json_t *object = json_pack(
        "{s:b, s:s, s:i, s:s, s:s, s:o, s:{s:s, s:o}, s:o, s:o}", "ok", (int)found->ok, "version",
        CRUX_CLI_VERSION, "op_set", (int)CRUX_OP_SET, "compiler", COMPILER, "architecture",
        architecture(), "cpu", cpu, "sha256", "selected", crux_sha256_selected()->name, "verdicts",
        hashes, "backends", backends, "verdicts", verdicts);
    return crux_cli_answer(call, object);
}

static void say_verdict(const char *what, const char *name, enum crux_status status,
                        const char *more) {
    const struct crux_cli_style *style = crux_cli_style();
    const char *word = status == CRUX_OK              ? "passed known answers"
                       : status == CRUX_E_UNSUPPORTED ? "not on this machine"
                                                      : "FAILED known answers, not used";
    const char *colour = status == CRUX_OK              ? style->good
                         : status == CRUX_E_UNSUPPORTED ? style->dim
                                                        : style->bad;
    printf("%-12s %-12s %s%s%s%s\n", what, name, colour, word, style->off, more);
}

static void say_text(const struct finding *found) {
    struct feature features[FEATURES_MAX];
    unsigned features_count = list_features(features);
    printf("%-12s %s, op set %d, compiled by %s\n", "crux", CRUX_CLI_VERSION, (int)CRUX_OP_SET,
           COMPILER);
    printf("%-12s %s", "processor", architecture());
    for (unsigned i = 0; i < features_count; i++)
        if (features[i].here) printf(" %s", features[i].name);
    printf("\n");
    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    const struct crux_sha256_impl *selected = crux_sha256_selected();
    for (size_t i = 0; i < count; i++) {
        say_verdict(i == 0 ? "sha256" : "", impls[i].name, sha256_verdict(&impls[i]),
                    &impls[i] == selected ? ", in use" : "");
    }
    const struct crux_backend *const *list = crux_backend_list(&count);
    bool used = false;
    for (size_t i = 0; i < count; i++) {
        enum crux_status status = backend_verdict(list[i], found->reference);
        say_verdict(i == 0 ? "backend" : "", list[i]->name, status,
                    status == CRUX_OK && !used ? ", in use" : "");
        used = used || status == CRUX_OK;
    }
    if (found->reference != CRUX_OK) printf("%-12s %s\n", "", found->why);
}

enum crux_cli_exit crux_cli_run_doctor(const struct crux_cli_call *call) {
    struct finding found = {.ok = true};
    found.reference = crux_cli_doctor_reference(found.why);
    if (found.reference != CRUX_OK) found.ok = false;
    size_t count;
    const struct crux_sha256_impl *impls = crux_sha256_impls(&count);
    for (size_t i = 0; i < count; i++) {
        if (sha256_verdict(&impls[i]) == CRUX_E_KNOWN_ANSWER_FAILED) found.ok = false;
    }
    const struct crux_backend *const *list = crux_backend_list(&count);
    for (size_t i = 0; i < count; i++) {
        if (backend_verdict(list[i], found.reference) == CRUX_E_KNOWN_ANSWER_FAILED)
            found.ok = false;
    }
    if (call->json) {
        enum crux_cli_exit said = say_json(call, &found);
        if (said != CRUX_CLI_OK) return said;
    } else {
        say_text(&found);
    }
    return found.ok ? CRUX_CLI_OK : CRUX_CLI_FAILURE;
}
