/* Bodies of requests: what each field becomes, and what is refused under which name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/service/openai/request.h"

enum { BODY_MOST = 1 << 16 };

static struct crux_openai_request request;
static struct crux_openai_error error;

static void read_body(bool chat, const char *body) {
    if (!crux_openai_read(&request, &error, chat, body, strlen(body), BODY_MOST))
        fail_msg("%s: %d %s", body, error.status, error.message);
}

static void test_defaults(void **state) {
    (void)state;
    read_body(true, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    assert_string_equal(request.model, "m");
    assert_int_equal(request.message_count, 1);
    assert_string_equal(request.messages[0].role, "user");
    assert_int_equal(request.messages[0].content_len, 2);
    assert_int_equal(request.max_tokens, 0);
    assert_int_equal(request.param[CRUX_SAMPLE_TEMPERATURE], 65536);
    assert_int_equal(request.param[CRUX_SAMPLE_TOP_P], 65536);
    assert_int_equal(request.param[CRUX_SAMPLE_PENALTY], 65536);
    assert_int_equal(request.param[CRUX_SAMPLE_TOP_K], 0);
    assert_int_equal(request.n, 1);
    assert_false(request.seeded || request.stream || request.logprobs || request.has_nonce);
    assert_false(request.ignore_eos);
    crux_openai_request_free(&request);
    read_body(false, "{\"model\":\"m\",\"prompt\":\"hi\",\"stop\":null,\"logprobs\":0,"
                     "\"ignore_eos\":true}");
    assert_true(request.ignore_eos);
    assert_int_equal(request.max_tokens, 16);
    assert_null(request.max_tokens_name);
    assert_int_equal(request.prompt_count, 1);
    assert_true(request.logprobs);
    crux_openai_request_free(&request);
}

/* What is kept while an answer is made. */
static void test_trim(void **state) {
    (void)state;
    read_body(true, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
                    "\"metadata\":{\"a\":[[],[],[{}]]},\"stop\":[\"x\",\"yz\"],\"n\":2}");
    crux_openai_request_trim(&request);
    assert_int_equal(json_object_size(request.json), 1);
    assert_int_equal(request.stop_count, 2);
    assert_string_equal(request.stop[1], "yz");
    assert_int_equal(request.n, 2);
    assert_null(request.messages);
    crux_openai_request_free(&request);
    read_body(false, "{\"model\":\"m\",\"prompt\":[\"hi\",[1,2]],\"user\":\"u\",\"echo\":true}");
    crux_openai_request_trim(&request);
    assert_int_equal(json_object_size(request.json), 1);
    assert_string_equal(request.prompts[0].text, "hi");
    assert_int_equal(request.prompts[1].ids[1], 2);
    crux_openai_request_free(&request);
}

static void test_everything(void **state) {
    static const uint8_t minus_two[32] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    read_body(
        true,
        "{\"model\":\"m\",\"messages\":["
        "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":"
        "\"text\","
        "\"text\":\"b\"}]},{\"role\":\"user\",\"content\":\"\\u00e9\"},"
        "{\"role\":\"assistant\",\"content\":\"x\",\"refusal\":null,\"tool_calls\":[]},"
        "{\"role\":\"user\",\"content\":\"\"}],"
        "\"max_completion_tokens\":5,\"temperature\":0.7,\"top_p\":0.95,\"top_k\":40,\"min_p\":0."
        "05,"
        "\"repetition_penalty\":1.1,\"stop\":[\"a\",\"b\",\"c\",\"d\"],\"stream\":true,"
        "\"stream_options\":{\"include_usage\":true},\"logprobs\":true,\"top_logprobs\":20,"
        "\"seed\":-2,"
        "\"n\":3,\"user\":\"u\",\"metadata\":{\"a\":\"b\"},\"presence_penalty\":0,\"logit_bias\":{}"
        ","
        "\"tools\":[],\"response_format\":{\"type\":\"text\"},\"tool_choice\":\"none\","
        "\"crux\":{\"mode\":\"private\",\"requester\":\"000102030405060708090a0b0c0d0e0f10111213\","
        "\"payer\":\"ff0102030405060708090a0b0c0d0e0f10111214\","
        "\"nonce\":\"0000000000000000000000000000000000000000000000000000000000000001\"}}");
    assert_int_equal(request.message_count, 4);
    assert_string_equal(request.messages[0].role, "system");
    assert_int_equal(request.messages[0].content_len, 2);
    assert_memory_equal(request.messages[0].content, "ab", 2);
    assert_int_equal(request.messages[1].content_len, 2);
    assert_int_equal(request.max_tokens, 5);
    assert_int_equal(request.param[CRUX_SAMPLE_TEMPERATURE], 45875); /* 0.7 * 65536 = 45875.2 */
    assert_int_equal(request.param[CRUX_SAMPLE_TOP_P], 62259);       /* 62259.2 */
    assert_int_equal(request.param[CRUX_SAMPLE_TOP_K], 40);
    assert_int_equal(request.param[CRUX_SAMPLE_MIN_P], 3277);    /* 3276.8 */
    assert_int_equal(request.param[CRUX_SAMPLE_PENALTY], 72090); /* 72089.6 */
    assert_int_equal(request.stop_count, 4);
    assert_true(request.stream && request.include_usage && request.logprobs && request.seeded);
    assert_int_equal(request.top, 20);
    assert_memory_equal(request.seed, minus_two, 32);
    assert_int_equal(request.n, 3);
    assert_int_equal(request.mode, CRUX_MODE_PRIVATE);
    assert_int_equal(request.requester.b[19], 0x13);
    assert_int_equal(request.payer.b[0], 0xff);
    assert_int_equal(request.payer.b[19], 0x14);
    assert_true(request.has_nonce);
    assert_int_equal(request.nonce[31], 1);
    crux_openai_request_free(&request);
}

/* A decimal of up to twelve places is what the command line makes of the same text. */
static void test_decimals(void **state) {
    static const char *const decimals[] = {"0.1",  "0.3", "0.000007629395",  "0.999992370605",
                                           "1.25", "0.7", "15.999992370605", "2"};
    char body[256];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(decimals); i++) {
        int32_t want[CRUX_PARAMS];
        crux_sampling_plain(want);
        assert_true(crux_sampling_set(want, CRUX_SAMPLE_TEMPERATURE, decimals[i], NULL));
        (void)snprintf(body, sizeof body, "{\"model\":\"m\",\"prompt\":\"x\",\"temperature\":%s}",
                       decimals[i]);
        read_body(false, body);
        assert_int_equal(request.param[CRUX_SAMPLE_TEMPERATURE], want[CRUX_SAMPLE_TEMPERATURE]);
        crux_openai_request_free(&request);
    }
}

static void test_prompts(void **state) {
    static const struct {
        const char *prompt;
        size_t count, texts, first_ids;
    } cases[] = {{"\"a\"", 1, 1, 0},
                 {"[1,2,3]", 1, 0, 3},
                 {"[\"a\",\"b\"]", 2, 2, 0},
                 {"[[7],[8,9]]", 2, 0, 1}};
    char body[256];
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        (void)snprintf(body, sizeof body, "{\"model\":\"m\",\"prompt\":%s}", cases[i].prompt);
        read_body(false, body);
        size_t texts = 0;
        assert_int_equal(request.prompt_count, cases[i].count);
        for (size_t k = 0; k < request.prompt_count; k++) texts += request.prompts[k].text != NULL;
        assert_int_equal(texts, cases[i].texts);
        assert_int_equal(request.prompts[0].count, cases[i].first_ids);
        crux_openai_request_free(&request);
    }
}

#define CHAT(more)     "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" more "}"
#define TEXT(more)     "{\"model\":\"m\",\"prompt\":\"p\"" more "}"
#define WITH(messages) "{\"model\":\"m\",\"messages\":" messages "}"

static void test_refused(void **state) {
    static const struct {
        bool chat;
        const char *body, *param, *code;
    } cases[] = {
        {true, "", "", "invalid_json"},
        {true, "[]", "", "invalid_type"},
        {true, "{\"model\":\"m\",\"model\":\"m\"}", "", "invalid_json"},
        {true, CHAT(",\"x\":\"\xff\""), "", "invalid_json"},
        {true, "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", "model",
         "missing_required_parameter"},
        {true, "{\"model\":3,\"messages\":[]}", "model", "invalid_type"},
        {true, "{\"model\":\"m\"}", "messages", "missing_required_parameter"},
        {true, WITH("[]"), "messages", "empty_array"},
        {true, WITH("3"), "messages", "invalid_type"},
        {true, WITH("[3]"), "messages[0]", "invalid_type"},
        {true, WITH("[{\"content\":\"x\"}]"), "messages[0].role", "invalid_type"},
        {true, WITH("[{\"role\":\"user\"}]"), "messages[0].content", "missing_required_parameter"},
        {true, WITH("[{\"role\":\"tool\",\"content\":\"x\"}]"), "messages[0].role",
         "unsupported_value"},
        {true, WITH("[{\"role\":\"user\",\"content\":\"x\",\"name\":\"bob\"}]"), "messages[0].name",
         "unsupported_parameter"},
        {true,
         WITH("[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]"),
         "messages[0].content[0]", "unsupported_content"},
        {true, WITH("[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]"),
         "messages[0].content[0].text", "invalid_type"},
        {true, WITH("[{\"role\":\"user\",\"content\":{}}]"), "messages[0].content", "invalid_type"},
        {true, CHAT(",\"frobnicate\":1"), "frobnicate", "unknown_parameter"},
        {true, CHAT(",\"prompt\":\"x\""), "prompt", "unsupported_parameter"},
        {true, CHAT(",\"tools\":[{}]"), "tools", "unsupported_parameter"},
        {true, CHAT(",\"tool_choice\":\"required\""), "tool_choice", "unsupported_parameter"},
        {true, CHAT(",\"presence_penalty\":0.5"), "presence_penalty", "unsupported_parameter"},
        {true, CHAT(",\"logit_bias\":{\"1\":2}"), "logit_bias", "unsupported_parameter"},
        {true, CHAT(",\"response_format\":{\"type\":\"json_object\"}"), "response_format",
         "unsupported_parameter"},
        {true, CHAT(",\"modalities\":[\"audio\"]"), "modalities", "unsupported_parameter"},
        {true, CHAT(",\"temperature\":\"hot\""), "temperature", "invalid_type"},
        {true, CHAT(",\"temperature\":-1"), "temperature", "invalid_value"},
        {true, CHAT(",\"temperature\":17"), "temperature", "invalid_value"},
        {true, CHAT(",\"top_p\":1.5"), "top_p", "invalid_value"},
        {true, CHAT(",\"top_k\":-2"), "top_k", "invalid_value"},
        {true, CHAT(",\"n\":0"), "n", "invalid_value"},
        {true, CHAT(",\"n\":17"), "n", "invalid_value"},
        {true, CHAT(",\"max_tokens\":0"), "max_tokens", "invalid_value"},
        {true, CHAT(",\"max_completion_tokens\":1.5"), "max_completion_tokens", "invalid_type"},
        {true, CHAT(",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]"), "stop", "invalid_value"},
        {true, CHAT(",\"stop\":[\"\"]"), "stop", "invalid_value"},
        {true, CHAT(",\"stop\":[3]"), "stop", "invalid_value"},
        {true, CHAT(",\"stop\":3"), "stop", "invalid_type"},
        {true, CHAT(",\"stream\":1"), "stream", "invalid_type"},
        {true, CHAT(",\"stream_options\":{\"include_usage\":true}"), "stream_options",
         "invalid_type"},
        {true, CHAT(",\"stream\":true,\"stream_options\":{\"x\":1}"), "stream_options.x",
         "unknown_parameter"},
        {true, CHAT(",\"top_logprobs\":2"), "top_logprobs", "invalid_type"},
        {true, CHAT(",\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs", "invalid_value"},
        {true, CHAT(",\"logprobs\":3"), "logprobs", "invalid_type"},
        {true, CHAT(",\"seed\":1.5"), "seed", "invalid_type"},
        {true, CHAT(",\"crux\":3"), "crux", "invalid_type"},
        {true, CHAT(",\"crux\":{\"mode\":\"loud\"}"), "crux.mode", "unknown_parameter"},
        {true, CHAT(",\"crux\":{\"mode\":\"private\"}"), "crux.requester", "invalid_type"},
        {true, CHAT(",\"crux\":{\"nonce\":\"12\"}"), "crux.nonce", "invalid_type"},
        {true, CHAT(",\"crux\":{\"more\":1}"), "crux.more", "unknown_parameter"},
        {false, TEXT(",\"messages\":[]"), "messages", "unsupported_parameter"},
        {false, "{\"model\":\"m\"}", "prompt", "missing_required_parameter"},
        {false, "{\"model\":\"m\",\"prompt\":[]}", "prompt", "empty_array"},
        {false, "{\"model\":\"m\",\"prompt\":{}}", "prompt", "empty_array"},
        {false, "{\"model\":\"m\",\"prompt\":[1,\"a\"]}", "prompt", "invalid_type"},
        {false, "{\"model\":\"m\",\"prompt\":[1,-1]}", "prompt", "invalid_type"},
        {false, "{\"model\":\"m\",\"prompt\":[[1],{}]}", "prompt", "invalid_type"},
        {false, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":9}", "n", "invalid_value"},
        {false, TEXT(",\"suffix\":\"x\""), "suffix", "unsupported_parameter"},
        {false, TEXT(",\"best_of\":2"), "best_of", "unsupported_value"},
        {false, TEXT(",\"logprobs\":6"), "logprobs", "invalid_value"},
        {false, TEXT(",\"echo\":true,\"logprobs\":1"), "echo", "unsupported_value"}};
    (void)state;
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        bool read = crux_openai_read(&request, &error, cases[i].chat, cases[i].body,
                                     strlen(cases[i].body), BODY_MOST);
        if (read || error.status != 400 || strcmp(error.param, cases[i].param) != 0 ||
            error.code == NULL || strcmp(error.code, cases[i].code) != 0)
            fail_msg("%s: %d, '%s', %s: %s", cases[i].body, error.status, error.param,
                     error.code == NULL ? "-" : error.code, error.message);
        crux_openai_request_free(&request);
        json_t *json = crux_openai_error_json(&error);
        assert_non_null(json);
        json_decref(json);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_trim),
        cmocka_unit_test(test_everything), cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_prompts),    cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
