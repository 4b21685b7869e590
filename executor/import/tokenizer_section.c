#include "executor/import/tokenizer_section.h"

#include <stdlib.h>

/* Empty until executor/tokenizer is there. */
enum crux_status crux_tokenizer_section_make(struct crux_tokenizer_section *section,
                                             const struct crux_gguf *gguf, uint32_t vocab,
                                             struct crux_import_message *message) {
    (void)gguf;
    (void)vocab;
    (void)message;
    *section = (struct crux_tokenizer_section){0};
    return CRUX_OK;
}

void crux_tokenizer_section_free(struct crux_tokenizer_section *section) {
    free(section->tokenizer);
    free(section->chat_template);
    *section = (struct crux_tokenizer_section){0};
}
