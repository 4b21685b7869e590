/* The only way into executor/tokenizer/ from another folder: text to tokens and back, and chat templates.
 *
 * Argument order: the tokenizer, out, in, length after its array, flags, error last. */
#ifndef CRUX_EXECUTOR_TOKENIZER_TOKENIZER_H
#define CRUX_EXECUTOR_TOKENIZER_TOKENIZER_H

#include "executor/tokenizer/buffer.h"
#include "executor/tokenizer/chat.h"
#include "executor/tokenizer/error.h"
#include "executor/tokenizer/source.h"
#include "executor/tokenizer/source_binary.h"
#include "executor/tokenizer/source_gguf.h"
#include "executor/tokenizer/source_json.h"

/* Constant once open: threads may share one. */
struct crux_tokenizer;

/* Out: *tokenizer, to be closed.
 * In/out: *source becomes the tokenizer's and *source NULL; on failure it stays the caller's.
 * Returns: what crux_tokenizer_source_check does; CRUX_E_UNKNOWN_NAME (a merge makes no token);
 * CRUX_E_OUT_OF_MEMORY, CRUX_E_INTERNAL. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_open(struct crux_tokenizer **tokenizer,
                                     struct crux_tokenizer_source **source,
                                     struct crux_tokenizer_error *error);
void crux_tokenizer_close(struct crux_tokenizer *tokenizer);

/* Returns: what it was made of; valid until it is closed. */
const struct crux_tokenizer_source *crux_tokenizer_source(const struct crux_tokenizer *tokenizer);

/* Returns: whether an answer ends with this token. */
bool crux_tokenizer_is_stop(const struct crux_tokenizer *tokenizer, uint32_t id);

/* Out: stop, the different tokens that end an answer, ascending, at most `most`.  Returns: how many. */
uint32_t crux_tokenizer_stops(uint32_t *stop, uint32_t most,
                              const struct crux_tokenizer *tokenizer);

/* For a prompt that its writer answers for: CONTROL and BOS. For text of others: BOS. For a rendered chat: what
 * crux_chat_flags says. */
enum {
    CRUX_ENCODE_CONTROL = 1, /* <|im_start|> in the text is that token, not its letters */
    CRUX_ENCODE_BOS = 2,     /* put bos first if the model wants it */
    CRUX_ENCODE_EOS = 4,     /* put eos last if the model wants it */
};

/* Appends the tokens of a text.
 * Out: out, which grows; *lost (may be NULL), bytes of the text that no token stands for: some vocabularies have no
 * token for a byte that hardly occurs.
 * Returns: CRUX_E_SYNTAX (not UTF-8), CRUX_E_UNSUPPORTED (longer than CRUX_TOKENIZER_TEXT_BYTES_MAX),
 * CRUX_E_OUT_OF_MEMORY, CRUX_E_INTERNAL; out is then as it was. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_encode(const struct crux_tokenizer *tokenizer,
                                       struct crux_tokens *out, size_t *lost, const char *text,
                                       size_t len, unsigned flags,
                                       struct crux_tokenizer_error *error);

enum {
    CRUX_DECODE_CONTROL = 1,  /* show control tokens; otherwise they are nothing */
    CRUX_DECODE_CONTINUE = 2, /* goes on after other text: a leading space is kept */
    CRUX_DECODE_BYTES = 4,    /* the bytes as they are, whole characters or not */
};

/* Turns tokens to text one at a time. What it gives out is always whole characters; bytes that are none become
 * U+FFFD. Plain data: copy it to try a token. */
struct crux_detokenizer {
    const struct crux_tokenizer *tokenizer;
    unsigned flags;
    bool at_start;
    uint8_t held_len;
    char held[4]; /* the beginning of a character */
};

void crux_detokenizer_init(struct crux_detokenizer *detokenizer,
                           const struct crux_tokenizer *tokenizer, unsigned flags);

/* Appends what is now certain.  Returns: CRUX_E_BAD_RANGE (no such token), CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_detokenizer_feed(struct crux_detokenizer *detokenizer, struct crux_text *out,
                                       uint32_t id, struct crux_tokenizer_error *error);

/* At the end: half a character becomes U+FFFD.  Returns: CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_detokenizer_flush(struct crux_detokenizer *detokenizer, struct crux_text *out,
                                        struct crux_tokenizer_error *error);

/* All of it at once. */
CRUX_MUST_CHECK
enum crux_status crux_tokenizer_decode(const struct crux_tokenizer *tokenizer,
                                       struct crux_text *out, const uint32_t *id, size_t count,
                                       unsigned flags, struct crux_tokenizer_error *error);

#endif
