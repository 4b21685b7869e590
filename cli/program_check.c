/* crux program check: structure, then certificate. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/output.h"
#include "cli/program_file.h"

enum { OPTION_WITNESS, OPTION_WORK, OPTION_TABLE, OPTION_COUNT };

const struct crux_cli_option crux_cli_program_check_options[] = {
    [OPTION_WITNESS] = {.name = "limit-witness",
                        .kind = CRUX_CLI_NUMBER,
                        .value = "BYTES",
                        .help = "refuse a longer witness (default 4096)",
                        .least = 1,
                        .most = UINT32_MAX},
    [OPTION_WORK] = {.name = "limit-work",
                     .kind = CRUX_CLI_NUMBER,
                     .value = "N",
                     .help = "refuse more multiply-adds an element (default 2048)",
                     .least = 1,
                     .most = CRUX_K_WORK_MAX},
    [OPTION_TABLE] = {.name = "table", .help = "figures of each op"},
    [OPTION_COUNT] = {.name = NULL},
};

static json_t *describe_worst(const struct crux_certificate_worst *worst) {
    json_t *object =
        json_pack("{s:I, s:s}", "value", (json_int_t)worst->value, "label", worst->label);
    if (object == NULL || worst->op == UINT32_MAX) return object;
    (void)json_object_set_new(object, "layer", json_integer(worst->layer));
    (void)json_object_set_new(object, "op", json_integer(worst->op));
    return object;
}

static json_t *describe_ops(const struct crux_program *program,
                            const struct crux_certificate *certificate) {
    json_t *list = json_array();
    for (uint32_t layer = 0; list != NULL && layer < program->header.layers; layer++) {
        for (uint32_t op = 0; op < program->layers[layer].ops; op++) {
            uint32_t number = program->layers[layer].first + op;
            const struct crux_op_certificate *c = &certificate->ops[number];
            (void)json_array_append_new(
                list, json_pack("{s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "layer",
                                (json_int_t)layer, "op", (json_int_t)op, "name",
                                crux_opcode_name(program->ops[number].op.code), "label",
                                program->ops[number].label, "witness_bytes",
                                (json_int_t)c->witness_bytes, "witness_position",
                                (json_int_t)c->witness_pos, "pages", (json_int_t)c->pages, "work",
                                (json_int_t)c->k_work, "margin_bits", (json_int_t)c->margin_bits));
        }
    }
    return list;
}

static json_t *describe(const struct crux_program *program,
                        const struct crux_certificate *certificate, bool table) {
    json_t *object = json_pack(
        "{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:o, s:o, s:o, s:o}}", "ok", 1, "layers",
        (json_int_t)program->header.layers, "ops", (json_int_t)program->op_count, "tensors",
        (json_int_t)program->tensor_count, "context", (json_int_t)program->header.context,
        "witness_bytes_max", (json_int_t)certificate->witness_bytes.value, "work_max",
        (json_int_t)certificate->k_work.value, "overflow_margin_bits",
        (json_int_t)certificate->margin_bits.value, "worst", "witness_bytes",
        describe_worst(&certificate->witness_bytes), "pages", describe_worst(&certificate->pages),
        "work", describe_worst(&certificate->k_work), "margin_bits",
        describe_worst(&certificate->margin_bits));
    if (object != NULL && table)
        (void)json_object_set_new(object, "table", describe_ops(program, certificate));
    return object;
}

static void write_out(void *ctx, const char *text, size_t len) {
    (void)ctx;
    (void)fwrite(text, 1, len, stdout);
}

static void say(const struct crux_program *program, const struct crux_certificate *certificate) {
    const struct crux_cli_style *style = crux_cli_style();
    printf("%sstructure ok%s: %u layers, %u ops, %u tensors, context %u\n", style->good, style->off,
           program->header.layers, program->op_count, program->tensor_count,
           program->header.context);
    printf("%scertificate ok%s\n", style->good, style->off);
    crux_certificate_show(program, certificate, write_out, NULL);
}

static enum crux_cli_exit check(const struct crux_cli_call *call,
                                const struct crux_program *program) {
    const struct crux_cli_value *option = call->option;
    struct crux_certificate_limits limits = crux_certificate_default_limits();
    struct crux_certificate certificate = {.ops = NULL};
    struct crux_refusal refusal;
    enum crux_cli_exit code = CRUX_CLI_OK;
    if (option[OPTION_WITNESS].given)
        limits.witness_bytes = (uint32_t)option[OPTION_WITNESS].number;
    if (option[OPTION_WORK].given) limits.k_work = (uint32_t)option[OPTION_WORK].number;
    bool table = option[OPTION_TABLE].given;
    if (table) {
        certificate.ops = calloc(program->op_count, sizeof *certificate.ops);
        if (certificate.ops == NULL)
            return crux_cli_fail(call, CRUX_E_OUT_OF_MEMORY, "no memory for the table");
    }
    enum crux_status status = crux_certify(program, &limits, &certificate, &refusal);
    if (status != CRUX_OK)
        code = crux_cli_program_refuse(call, call->operand[0], &refusal);
    else if (call->json)
        code = crux_cli_answer(call, describe(program, &certificate, table));
    else
        say(program, &certificate);
    free(certificate.ops);
    return code;
}

enum crux_cli_exit crux_cli_run_program_check(const struct crux_cli_call *call) {
    struct crux_program program;
    enum crux_cli_exit code = crux_cli_program_load(&program, call, call->operand[0]);
    if (code != CRUX_CLI_OK) return code;
    code = check(call, &program);
    crux_program_free(&program);
    return code;
}
