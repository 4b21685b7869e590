/* The parts of tokenizer.json, each read in a file of its own. Internal. */
#ifndef CRUX_EXECUTOR_TOKENIZER_JSON_PARTS_H
#define CRUX_EXECUTOR_TOKENIZER_JSON_PARTS_H

#include <jansson.h>

#include "executor/tokenizer/source.h"

/* Out: kind, flags, unknown, tokens with their texts and types, merges.  In: the whole file. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_json_vocabulary(struct crux_tokenizer_source **source,
                                                const json_t *root,
                                                struct crux_tokenizer_error *error);

/* Out: split, prefix, nfc.  In: source with its vocabulary. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_json_rules(struct crux_tokenizer_source *source, const json_t *root,
                                           struct crux_tokenizer_error *error);

/* Out: strip_prefix, from "decoder"; bos, eos, add_bos, add_eos from "post_processor".
 * In: source with its vocabulary. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_json_ends(struct crux_tokenizer_source *source, const json_t *root,
                                          struct crux_tokenizer_error *error);

/* Out: bos, eos and chat template of tokenizer_config.json. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_json_config(struct crux_tokenizer_source *source,
                                            const json_t *config,
                                            struct crux_tokenizer_error *error);

/* Returns: the string at a key, "" if it is no string. */
const char *crux_tokenizer_json_word(const json_t *object, const char *key);

/* Absent, null and false are false; anything but a boolean is `other`. */
bool crux_tokenizer_json_flag(const json_t *object, const char *key, bool other);

/* Absent or null. */
bool crux_tokenizer_json_none(const json_t *object, const char *key);

/* A step that is what "Sequence" lists, or the only one.
 * Returns: how many steps; 0 for none.  In: list, the name of the array in a sequence. */
size_t crux_tokenizer_json_steps(const json_t *part, const char *list);
const json_t *crux_tokenizer_json_step(const json_t *part, const char *list, size_t at);

/* Returns: the token with this text, special ones too, or CRUX_TOKENIZER_NO_TOKEN. Slow: a few a file. */
uint32_t crux_tokenizer_json_token(const struct crux_tokenizer_source *source, const char *text);

#define CRUX_TOKENIZER_LOW_LINE "\xE2\x96\x81" /* U+2581, SentencePiece's space */

#endif
