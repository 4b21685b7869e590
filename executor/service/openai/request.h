/* The body of /v1/chat/completions or /v1/completions, checked: what is not served is refused by name, never left out
 * silently. Pure; the bytes come from anybody.
 *
 *   bytes --crux_openai_read--> messages or prompts, how to sample, how to answer      spec/86-http.md#requests */
#ifndef CRUX_EXECUTOR_SERVICE_OPENAI_REQUEST_H
#define CRUX_EXECUTOR_SERVICE_OPENAI_REQUEST_H

#include "chain-adapter/io/json.h"
#include "executor/engine/engine.h"
#include "executor/service/openai/error.h"
#include "executor/tokenizer/tokenizer.h"

enum {
    CRUX_OPENAI_MESSAGES_MAX = 1024,
    CRUX_OPENAI_PARTS_MAX = 64, /* of a message */
    CRUX_OPENAI_PROMPTS_MAX = 16,
    CRUX_OPENAI_STOPS_MAX = 4,
    CRUX_OPENAI_STOP_BYTES_MAX = 1024,
    CRUX_OPENAI_CHOICES_MAX = 16, /* prompts times n */
    CRUX_OPENAI_TOP_MAX = 20,     /* of chat; 5 of completions */
    /* Of an answer, all choices together: as JSON before it is text, a probability takes 900 bytes, a token in a receipt
     * 40. */
    CRUX_OPENAI_SHARES_MAX = 1 << 16, /* probabilities: of each token, and of those beside it */
    CRUX_OPENAI_TOKENS_MAX = 1 << 20, /* of requests and answers */
    /* Of a body: so many values and one more for every 8 bytes that it may have; of these, so many lists and objects, and
     * one more for every 64. A list of tokens has 6 bytes for each, a message 30. */
    CRUX_OPENAI_VALUES_LEAST = 1024,
    CRUX_OPENAI_MODE_UNSAID = 0 /* beside enum crux_game_mode */
};

struct crux_openai_prompt {
    const char *text; /* or NULL: the ids */
    size_t len;
    const uint32_t *ids;
    size_t count;
};

struct crux_openai_request {
    json_t *json; /* what strings point into */
    bool chat;
    const char *model;

    struct crux_chat_message *messages; /* of a chat */
    size_t message_count;
    struct crux_openai_prompt prompts[CRUX_OPENAI_PROMPTS_MAX]; /* of completions */
    size_t prompt_count;
    char *joined;  /* contents that are lists of parts, one after the other */
    uint32_t *ids; /* of all prompts */

    uint32_t max_tokens;         /* 0: as many as fit */
    const char *max_tokens_name; /* by which it was given */
    int32_t param[CRUX_PARAMS];
    const char *stop[CRUX_OPENAI_STOPS_MAX];
    unsigned stop_count;
    bool ignore_eos; /* the model's stop tokens are tokens like others */
    uint32_t n;
    bool seeded, has_nonce;
    uint8_t seed[32], nonce[32];
    unsigned mode;                 /* enum crux_game_mode */
    struct crux_account requester; /* of a private one */
    bool has_requester;
    struct crux_account payer; /* whose escrow for the request pays; zero for nobody's */

    bool stream, include_usage, echo;
    bool logprobs;
    uint32_t top;
};

/* Out: request, to be freed whatever is returned; error, on failure.
 * Returns: false on failure. */
CRUX_MUST_CHECK
bool crux_openai_read(struct crux_openai_request *request, struct crux_openai_error *error,
                      bool chat, const char *bytes, size_t len, size_t most);
/* Forgets what the answer has no use for once the request is tokens: as JSON it may take a hundred times its bytes. Left
 * are how to answer, the stop strings and the prompts. */
void crux_openai_request_trim(struct crux_openai_request *request);
void crux_openai_request_free(struct crux_openai_request *request);

#endif
