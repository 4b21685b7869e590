/* crux import: a model source to a .crux file. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chain-adapter/io/json.h"
#include "cli/model_say.h"
#include "cli/output.h"
#include "executor/import/import.h"

enum { OPTION_OUT, OPTION_WEIGHTS, OPTION_CONTEXT, OPTION_COUNT };

const struct crux_cli_option crux_cli_import_options[] = {
    [OPTION_OUT] = {.name = "output",
                    .letter = 'o',
                    .kind = CRUX_CLI_TEXT,
                    .value = "FILE",
                    .help = "write the model here (needed)"},
    [OPTION_WEIGHTS] = {.name = "weights",
                        .kind = CRUX_CLI_TEXT,
                        .value = "TYPE",
                        .help = "of matrices that the source has as floats: int8 (default), int16, "
                                "int4"},
    [OPTION_CONTEXT] = {.name = "context",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "N",
                        .help = "positions (default: as many as the source says, and no more)",
                        .least = 1,
                        .most = CRUX_CONTEXT_MAX - 1},
    [OPTION_COUNT] = {.name = NULL},
};

static json_t *describe_types(const struct crux_import_report *report) {
    json_t *list = json_array();
    for (size_t i = 0; list != NULL && i < CRUX_IMPORT_TYPES; i++) {
        if (report->matrices[i].type == NULL) break;
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:I, s:f}", "type", report->matrices[i].type,
                                              "weights", (json_int_t)report->matrices[i].weights,
                                              "error", report->matrices[i].error));
    }
    return list;
}

static json_t *describe(const struct crux_import_report *report) {
    const struct crux_certificate *c = &report->certificate;
    return json_pack(
        "{s:o, s:f, s:I, s:I, s:f, s:f, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "model_root",
        crux_json_of_bytes(report->model_root, 32), "seconds", report->seconds, "witness_bytes_max",
        (json_int_t)c->witness_bytes.value, "overflow_margin_bits",
        (json_int_t)c->margin_bits.value, "import_error", report->import_error, "norm_error",
        report->norm_error, "arch", crux_cli_json_text(report->arch), "name",
        crux_cli_json_text(report->name), "layers", (json_int_t)report->layers, "ops",
        (json_int_t)report->ops, "tensors", (json_int_t)report->tensors, "context",
        (json_int_t)report->context, "file_bytes", (json_int_t)report->file_bytes, "matrices",
        describe_types(report), "source_sha256", crux_json_of_bytes(report->source_hash, 32));
}

static void say(const struct crux_import_report *report, const char *path) {
    const struct crux_certificate *c = &report->certificate;
    const struct crux_cli_style *style = crux_cli_style();
    char root[65];
    crux_cli_model_hex(root, report->model_root);
    (void)printf("%s%s%s  %s, %u positions, %u layers, %u ops\n", style->bold, path, style->off,
                 report->arch, (unsigned)report->context, (unsigned)report->layers,
                 (unsigned)report->ops);
    (void)printf("  model root     %s\n", root);
    (void)printf("  certificate    no overflow, %lld bits to spare (%s); witnesses of at most %lld "
                 "bytes (%s)\n",
                 (long long)c->margin_bits.value, c->margin_bits.label,
                 (long long)c->witness_bytes.value, c->witness_bytes.label);
    (void)printf("  import error   %.3g of the weights' size\n", report->import_error);
    for (size_t i = 0; i < CRUX_IMPORT_TYPES && report->matrices[i].type != NULL; i++) {
        (void)printf("    %-5s %13llu weights  %.3g\n", report->matrices[i].type,
                     (unsigned long long)report->matrices[i].weights, report->matrices[i].error);
    }
    (void)printf("  %.2f seconds, %.1f MB\n", report->seconds, (double)report->file_bytes / 1e6);
}

static bool parse_weights(enum crux_weights *weights, const struct crux_cli_value *value) {
    static const char *const names[] = {"int8", "int16", "int4"};
    *weights = CRUX_WEIGHTS_INT8;
    if (!value->given) return true;
    for (unsigned i = 0; i < CRUX_ARRAY_LEN(names); i++) {
        if (strcmp(value->text, names[i]) != 0) continue;
        *weights = (enum crux_weights)i;
        return true;
    }
    return false;
}

enum crux_cli_exit crux_cli_run_import(const struct crux_cli_call *call) {
    struct crux_import_options options = {.progress = crux_cli_model_progress};
    struct crux_import_report report;
    struct crux_import_message message;
    if (!call->option[OPTION_OUT].given)
        return crux_cli_fail(call, CRUX_E_USAGE, "say where to write the model: -o FILE");
    if (!parse_weights(&options.weights, &call->option[OPTION_WEIGHTS]))
        return crux_cli_fail(call, CRUX_E_USAGE, "--weights is int8, int16 or int4, not '%.40s'",
                             call->option[OPTION_WEIGHTS].text);
    if (call->option[OPTION_CONTEXT].given)
        options.context = (uint32_t)call->option[OPTION_CONTEXT].number;
    const char *path = call->option[OPTION_OUT].text;
    enum crux_status status = crux_import(call->operand[0], path, &options, &report, &message);
    crux_cli_model_progress_end();
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message.text);
    if (call->json) return crux_cli_answer(call, describe(&report));
    say(&report, path);
    return CRUX_CLI_OK;
}
