/* Bodies of requests of any bytes: no crash; what is read lies within the written limits, what is refused has a reason.
 * The first byte says which of the two kinds it is. */
#include <string.h>

#include "executor/service/openai/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct crux_openai_request *request) {
    CRUX_ASSERT(request->model != NULL && request->model[0] != 0);
    CRUX_ASSERT(request->n >= 1 && request->n <= CRUX_OPENAI_CHOICES_MAX);
    CRUX_ASSERT(request->stop_count <= CRUX_OPENAI_STOPS_MAX);
    CRUX_ASSERT(request->top <= CRUX_OPENAI_TOP_MAX);
    for (unsigned i = 0; i < request->stop_count; i++) CRUX_ASSERT(request->stop[i][0] != 0);
    for (unsigned p = 0; p < CRUX_SAMPLE_PARAMS; p++) {
        struct crux_sample_range range = crux_fused_sample_range((enum crux_sample_param)p);
        CRUX_ASSERT(request->param[p] >= range.lo && request->param[p] <= range.hi);
    }
    if (!request->chat) {
        CRUX_ASSERT(request->n * request->prompt_count <= CRUX_OPENAI_CHOICES_MAX);
        return;
    }
    CRUX_ASSERT(request->message_count >= 1 && request->message_count <= CRUX_OPENAI_MESSAGES_MAX);
    for (size_t i = 0; i < request->message_count; i++) {
        const struct crux_chat_message *message = &request->messages[i];
        CRUX_ASSERT(strlen(message->role) >= 4);
        CRUX_ASSERT(memchr(message->content, 0xff, message->content_len) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crux_openai_request request;
    struct crux_openai_error error;
    if (size == 0) return 0;
    bool read = crux_openai_read(&request, &error, data[0] % 2 == 0, (const char *)data + 1,
                                 size - 1, 1 << 16);
    if (read)
        check(&request);
    else
        CRUX_ASSERT(error.status >= 400 && error.message[0] != 0);
    crux_openai_request_free(&request);
    return 0;
}
