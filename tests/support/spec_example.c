#include "tests/support/spec_example.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/program/program_text.h"

enum { PAGE_BYTES_MAX = 1 << 16, INDENT = 4 };

char *crux_spec_example_text(size_t *len) {
    static char page[PAGE_BYTES_MAX];
    FILE *file = fopen("spec/22-text.md", "rb");
    CRUX_ASSERT(file != NULL); /* tests run in the root of the repository */
    size_t page_len = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    page[page_len] = 0;
    const char *at = strstr(page, "\n    program op_set");
    char *text = malloc(page_len + 1), *out = text;
    CRUX_ASSERT(at != NULL && text != NULL);
    for (at++; *at != 0;) {
        size_t line = strcspn(at, "\n"), indent = line < INDENT ? 0 : INDENT;
        CRUX_ASSERT(indent == 0 || memcmp(at, "    ", INDENT) == 0);
        memcpy(out, at + indent, line - indent);
        out += line - indent;
        *out++ = '\n';
        at += line + (at[line] == '\n' ? 1 : 0);
    }
    *out = 0;
    *len = (size_t)(out - text);
    return text;
}

void crux_spec_example(struct crux_program *program) {
    struct crux_text_error error;
    size_t len;
    char *text = crux_spec_example_text(&len);
    enum crux_status status = crux_program_assemble(program, text, len, &error);
    if (status != CRUX_OK)
        fprintf(stderr, "spec/22-text.md: %u:%u: %s\n", error.line, error.column, error.what);
    CRUX_ASSERT(status == CRUX_OK);
    free(text);
}
