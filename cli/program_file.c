#include "cli/program_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/file.h"
#include "cli/output.h"

enum { PLACE_BYTES = 96 };

/* "layer 3, op 12 (attn.dot): ", or less, or nothing. */
static void write_place(char out[PLACE_BYTES], const struct crux_refusal *refusal) {
    out[0] = 0;
    if (refusal->layer == UINT32_MAX) return;
    int used = snprintf(out, PLACE_BYTES, "layer %u", refusal->layer);
    if (refusal->op != UINT32_MAX)
        used += snprintf(out + used, PLACE_BYTES - (size_t)used, ", op %u", refusal->op);
    if (refusal->label[0] != 0)
        used += snprintf(out + used, PLACE_BYTES - (size_t)used, " (%.*s)", CRUX_LABEL_BYTES,
                         refusal->label);
    (void)snprintf(out + used, PLACE_BYTES - (size_t)used, ": ");
}

enum crux_cli_exit crux_cli_program_refuse(const struct crux_cli_call *call, const char *path,
                                           const struct crux_refusal *refusal) {
    char place[PLACE_BYTES], message[CRUX_CLI_MESSAGE_BYTES];
    write_place(place, refusal);
    if (path == NULL) path = "the program";
    const char *what = refusal->what[0] != 0 ? refusal->what : crux_status_text(refusal->status);
    (void)snprintf(message, sizeof message, "%.150s: %s: %s%s", path,
                   crux_status_name(refusal->status), place, what);
    if (!call->json) return crux_cli_fail(call, refusal->status, "%s", message);
    json_t *details = json_pack("{s:s}", "what", what);
    if (details != NULL && refusal->layer != UINT32_MAX)
        (void)json_object_set_new(details, "layer", json_integer(refusal->layer));
    if (details != NULL && refusal->op != UINT32_MAX)
        (void)json_object_set_new(details, "op", json_integer(refusal->op));
    if (details != NULL && refusal->label[0] != 0)
        (void)json_object_set_new(details, "label", crux_cli_json_text(refusal->label));
    return crux_cli_fail_json(call, refusal->status, message, details);
}

static enum crux_cli_exit refuse_text(const struct crux_cli_call *call, const char *path,
                                      const struct crux_text_error *error) {
    char message[CRUX_CLI_MESSAGE_BYTES];
    (void)snprintf(message, sizeof message, "%.150s:%u:%u: %s: %s", path, error->line,
                   error->column, crux_status_name(error->status), error->what);
    if (!call->json) return crux_cli_fail(call, error->status, "%s", message);
    return crux_cli_fail_json(call, error->status, message,
                              json_pack("{s:I, s:I, s:s}", "line", (json_int_t)error->line,
                                        "column", (json_int_t)error->column, "what", error->what));
}

static bool is_binary(const uint8_t *bytes, size_t len) {
    return len >= 8 && memcmp(bytes, "CRUXPROG", 8) == 0;
}

/* Text starts with a letter, blank space or a comment; anything else is some other binary file. */
static bool may_be_text(const uint8_t *bytes, size_t len) {
    for (size_t i = 0; i < len && i < 512; i++) {
        uint8_t c = bytes[i];
        if (c == '\n' || c == '\r' || c == '\t' || (c >= 0x20 && c != 0x7f)) continue;
        return false;
    }
    return true;
}

static enum crux_cli_exit take_text(struct crux_program *program, const struct crux_cli_call *call,
                                    const char *path, const char *text, size_t len) {
    struct crux_text_error error;
    struct crux_refusal refusal;
    enum crux_status status = crux_program_assemble(program, text, len, &error);
    if (status == CRUX_E_OUT_OF_MEMORY)
        return crux_cli_fail(call, status, "no memory for the program of '%.300s'", path);
    if (status != CRUX_OK) return refuse_text(call, path, &error);
    status = crux_program_check(program, &refusal);
    if (status == CRUX_OK) return CRUX_CLI_OK;
    crux_program_free(program);
    return crux_cli_program_refuse(call, path, &refusal);
}

static enum crux_cli_exit take_binary(struct crux_program *program,
                                      const struct crux_cli_call *call, const char *path,
                                      const uint8_t *bytes, size_t len) {
    struct crux_refusal refusal;
    enum crux_status status = crux_program_decode(program, bytes, len, &refusal);
    return status == CRUX_OK ? CRUX_CLI_OK : crux_cli_program_refuse(call, path, &refusal);
}

enum crux_cli_exit crux_cli_program_load(struct crux_program *program,
                                         const struct crux_cli_call *call, const char *path) {
    uint8_t *bytes;
    size_t len;
    char message[CRUX_CLI_MESSAGE_BYTES];
    enum crux_status status =
        crux_cli_file_read(&bytes, &len, message, path, CRUX_CLI_PROGRAM_BYTES_MAX);
    if (status != CRUX_OK) return crux_cli_fail(call, status, "%s", message);
    enum crux_cli_exit code;
    if (strcmp(path, "-") == 0) path = "standard input";
    if (is_binary(bytes, len))
        code = take_binary(program, call, path, bytes, len);
    else if (may_be_text(bytes, len))
        code = take_text(program, call, path, (const char *)bytes, len);
    else
        code = crux_cli_fail(call, CRUX_E_BAD_MAGIC,
                             "%.150s: bad_magic: neither a program file nor text", path);
    free(bytes);
    return code;
}
