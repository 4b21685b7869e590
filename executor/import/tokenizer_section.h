/* A source's tokenizer and chat template, as a .crux file holds them. */
#ifndef CRUX_EXECUTOR_IMPORT_TOKENIZER_SECTION_H
#define CRUX_EXECUTOR_IMPORT_TOKENIZER_SECTION_H

#include "executor/import/source.h"

struct crux_tokenizer_section {
    uint8_t *tokenizer; /* its binary form; NULL: the source has none */
    size_t tokenizer_len;
    char *chat_template; /* NULL: the source has none */
    size_t chat_template_len;
};

/* Out: section, to be freed with crux_tokenizer_section_free.
 * Returns: CRUX_E_UNSUPPORTED, naming what; CRUX_E_BAD_RANGE, if there are more tokens than the embedding has rows. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_section_make(struct crux_tokenizer_section *section,
                                             const struct crux_model_source *from,
                                             struct crux_import_message *message);
void crux_tokenizer_section_free(struct crux_tokenizer_section *section);

#endif
