/* The written limits of this folder. What is beyond one is refused with a message, never cut. */
#ifndef CRUX_EXECUTOR_TOKENIZER_LIMITS_H
#define CRUX_EXECUTOR_TOKENIZER_LIMITS_H

#define CRUX_TOKENIZER_TOKENS_MAX      (1u << 20)
#define CRUX_TOKENIZER_MERGES_MAX      (1u << 22)
#define CRUX_TOKENIZER_TOKEN_BYTES_MAX 4096u
/* Control and user-defined tokens are looked for at every place of a text, so they are shorter. */
#define CRUX_TOKENIZER_SPECIAL_BYTES_MAX 512u
/* Unigram tries every token length at every place. */
#define CRUX_TOKENIZER_PIECE_BYTES_MAX 1024u
#define CRUX_TOKENIZER_VOCAB_BYTES_MAX (1u << 26)
#define CRUX_TOKENIZER_STOPS_MAX       8u
/* One call of encode. */
#define CRUX_TOKENIZER_TEXT_BYTES_MAX ((size_t)1 << 24)
/* tokenizer.json, the longest real ones have 33 MB. */
#define CRUX_TOKENIZER_JSON_BYTES_MAX ((size_t)1 << 27)
/* Open addressing: a vocabulary made so that its hashes collide is refused instead of searched for hours. */
#define CRUX_TOKENIZER_PROBES_MAX 4096u

#endif
