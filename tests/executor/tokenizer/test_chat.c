/* Known templates are recognised by their words and written out; all others are refused. The expected texts are what
 * Jinja makes of the templates of the models. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/executor/tokenizer/small.h"

#define TURN                                                                                       \
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
#define DOTTED                                                                                     \
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
#define INST "'[INST] ' + message['content'] + ' [/INST]'"

static const struct {
    const char *name, *words;
    const char *alone; /* a user's " Hi " */
    const char
        *whole; /* system "Be brief", user "Hi", assistant " Yes? ", user "Why"; NULL: refused */
} cases[] = {
    {"chatml", TURN, "<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n",
     "<|im_start|>system\nBe "
     "brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
     " Yes? <|im_end|>\n<|im_start|>user\nWhy<|im_end|>\n<|im_start|>assistant\n"},
    {"smollm2",
     "'<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
     "Face<|im_end|>\n'" TURN,
     "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
     "Face<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n",
     "<|im_start|>system\nBe "
     "brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
     " Yes? <|im_end|>\n<|im_start|>user\nWhy<|im_end|>\n<|im_start|>assistant\n"},
    {"qwen2.5",
     "'<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
     "assistant.<|im_end|>\\n' tools " DOTTED,
     "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant."
     "<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n",
     "<|im_start|>system\nBe "
     "brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
     " Yes? <|im_end|>\n<|im_start|>user\nWhy<|im_end|>\n<|im_start|>assistant\n"},
    {"qwen3", "<|im_start|> last_query_index </think> enable_thinking reasoning_content",
     "<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n",
     "<|im_start|>system\nBe "
     "brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
     " Yes? <|im_end|>\n<|im_start|>user\nWhy<|im_end|>\n<|im_start|>assistant\n"},
    {"llama3",
     "<|start_header_id|><|eot_id|>{{ bos_token }} message['content'] | trim + '<|eot_id|>'",
     "<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant"
     "<|end_header_id|>\n\n",
     "<s><|start_header_id|>system<|end_header_id|>\n\nBe brief<|eot_id|><|start_header_id|>user"
     "<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYes?<|eot_"
     "id|>"
     "<|start_header_id|>user<|end_header_id|>\n\nWhy<|eot_id|><|start_header_id|>assistant"
     "<|end_header_id|>\n\n"},
    {"llama3.1",
     "<|start_header_id|><|eot_id|>{{ bos_token }} message['content'] | trim + '<|eot_id|>' "
     "Cutting Knowledge Date: December 2023 26 Jul 2024 tools",
     "<s><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December "
     "2023\nToday "
     "Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
     "<|start_header_id|>assistant<|end_header_id|>\n\n",
     "<s><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December "
     "2023\nToday "
     "Date: 26 Jul 2024\n\nBe "
     "brief<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
     "<|start_header_id|>assistant<|end_header_id|>\n\nYes?<|eot_id|><|start_header_id|>user"
     "<|end_header_id|>\n\nWhy<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"},
    {"llama2",
     "bos_token + '[INST] ' + content.strip() + ' [/INST]' '<<SYS>>\\n' + system_message ' '  + "
     "content.strip() + ' ' + eos_token",
     "<s>[INST] Hi [/INST]",
     "<s>[INST] <<SYS>>\nBe brief\n<</SYS>>\n\nHi [/INST] Yes? </s><s>[INST] Why [/INST]"},
    {"gemma", "bos_token <start_of_turn> System role not supported",
     "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n", NULL},
    {"gemma3", "bos_token <start_of_turn> first_user_prefix",
     "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
     "<s><start_of_turn>user\nBe "
     "brief\n\nHi<end_of_turn>\n<start_of_turn>model\nYes?<end_of_turn>\n"
     "<start_of_turn>user\nWhy<end_of_turn>\n<start_of_turn>model\n"},
    {"phi3", "'<|' + message['role'] + '|>' + '\\n' + message['content'] + '<|end|>\\n'",
     "<|user|>\n Hi <|end|>\n<|assistant|>\n",
     "<|system|>\nBe brief<|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\n Yes? <|end|>\n<|user|>\nWhy"
     "<|end|>\n<|assistant|>\n"},
    {"phi3-user", "'<|user|>' + '\\n' '<|end|>' + '\\n' '<|assistant|>' + '\\n'",
     "<|user|>\n Hi <|end|>\n<|assistant|>\n", NULL},
    {"mistral-v0.2",
     "{{ bos_token }} " INST
     " {{ message['content'] + eos_token}} Only user and assistant roles are "
     "supported!",
     "<s>[INST]  Hi  [/INST]", NULL},
    {"mistral-v1",
     "' [INST] ' + system_message + '\\n\\n' + message['content'] + ' [/INST]' ' [INST] ' + "
     "message['content'] + ' [/INST]' ' ' + message['content'] + eos_token {{ bos_token }}",
     "<s> [INST]  Hi  [/INST]", "<s> [INST] Be brief\n\nHi [/INST]  Yes? </s> [INST] Why [/INST]"},
    {"mistral-v3",
     "\"[INST] \" + message[\"content\"] + \"[/INST]\" loop.last and system_message \" \" + "
     "message[\"content\"]|trim + eos_token bos_token tools",
     "<s>[INST]  Hi [/INST]", "<s>[INST] Hi[/INST] Yes?</s>[INST] Be brief\n\nWhy[/INST]"},
    {"mistral-v3-tekken",
     "\"[INST]\" + message[\"content\"] + \"[/INST]\" loop.last and system_message {{- "
     "message[\"content\"] + eos_token bos_token tools",
     "<s>[INST] Hi [/INST]", "<s>[INST]Hi[/INST] Yes? </s>[INST]Be brief\n\nWhy[/INST]"},
    {"mistral-v7",
     "'[SYSTEM_PROMPT] ' + message['content'] + '[/SYSTEM_PROMPT]' '[INST] ' + message['content'] "
     "+ "
     "'[/INST]' ' ' + message['content'] + eos_token bos_token",
     "<s>[INST]  Hi [/INST]",
     "<s>[SYSTEM_PROMPT] Be brief[/SYSTEM_PROMPT][INST] Hi[/INST]  Yes? </s>[INST] Why[/INST]"},
};

static struct crux_chat_message say(const char *role, const char *content) {
    return (struct crux_chat_message){role, content, strlen(content)};
}

static struct crux_tokenizer *with_ends(void) {
    static const char *const text[] = {"<s>", "</s>"};
    const uint8_t type[] = {CRUX_TOKENIZER_CONTROL, CRUX_TOKENIZER_CONTROL};
    struct crux_tokenizer_source *source =
        small_source(CRUX_TOKENIZER_BYTE_BPE, 2, text, type, NULL, 0);
    struct crux_tokenizer *t = NULL;
    source->bos = 0;
    source->eos = 1;
    assert_int_equal(crux_tokenizer_open(&t, &source, NULL), CRUX_OK);
    return t;
}

static void expect(const struct crux_chat *chat, const struct crux_tokenizer *t,
                   const struct crux_chat_message *message, size_t count, const char *want) {
    struct crux_text out = {0};
    struct crux_tokenizer_error error = {""};
    assert_int_equal(crux_text_put(&out, "before "), CRUX_OK);
    enum crux_status status = crux_chat_render(chat, &out, t, message, count, &error);
    assert_int_equal(status, want != NULL ? CRUX_OK : CRUX_E_UNSUPPORTED);
    assert_memory_equal(out.bytes, "before ", 7);
    if (want == NULL) {
        assert_int_equal(out.len, 7);
        assert_true(strlen(error.text) > 0);
    } else if (out.len - 7 != strlen(want) || memcmp(out.bytes + 7, want, strlen(want)) != 0) {
        fail_msg("%s: %.*s", crux_chat_name(chat), (int)out.len - 7, out.bytes + 7);
    }
    crux_text_free(&out);
}

static void known_templates(void **state) {
    (void)state;
    struct crux_tokenizer *t = with_ends();
    for (size_t i = 0; i < CRUX_ARRAY_LEN(cases); i++) {
        struct crux_chat chat;
        struct crux_tokenizer_error error = {""};
        const char *words = cases[i].words;
        if (crux_chat_recognise(&chat, words, strlen(words), &error) != CRUX_OK) {
            fail_msg("%s: %s", cases[i].name, error.text);
        }
        assert_string_equal(crux_chat_name(&chat), cases[i].name);
        bool bos = strstr(words, "bos_token") != NULL;
        assert_int_equal(crux_chat_flags(&chat),
                         bos ? CRUX_ENCODE_CONTROL : CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS);
        const struct crux_chat_message one = say("user", " Hi ");
        const struct crux_chat_message all[] = {say("system", "Be brief"), say("user", "Hi"),
                                                say("assistant", " Yes? "), say("user", "Why")};
        expect(&chat, t, &one, 1, cases[i].alone);
        expect(&chat, t, all, 4, cases[i].whole);
    }
    crux_tokenizer_close(t);
}

static void conversations_that_are_none(void **state) {
    (void)state;
    struct crux_tokenizer *t = with_ends();
    struct crux_chat chat;
    assert_int_equal(crux_chat_named(&chat, "mistral-v1", NULL), CRUX_OK);
    const struct crux_chat_message twice[] = {say("user", "a"), say("user", "b")};
    const struct crux_chat_message assistant[] = {say("assistant", "a"), say("user", "b")};
    const struct crux_chat_message late[] = {say("user", "a"), say("system", "b"),
                                             say("user", "c")};
    const struct crux_chat_message ends[] = {say("user", "a"), say("assistant", "b")};
    const struct crux_chat_message tool[] = {say("tool", "a"), say("user", "b")};
    const struct crux_chat_message system = say("system", "a");
    expect(&chat, t, twice, 0, NULL);
    expect(&chat, t, twice, 2, NULL);
    expect(&chat, t, assistant, 2, NULL);
    expect(&chat, t, late, 3, NULL);
    expect(&chat, t, ends, 2, NULL);
    expect(&chat, t, tool, 2, NULL);
    expect(&chat, t, &system, 1, NULL);
    /* The same is no harm where turns are free. */
    assert_int_equal(crux_chat_named(&chat, "chatml", NULL), CRUX_OK);
    expect(&chat, t, twice, 2,
           "<|im_start|>user\na<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n");
    crux_tokenizer_close(t);
}

static void thoughts_are_dropped(void **state) {
    (void)state;
    struct crux_tokenizer *t = with_ends();
    struct crux_chat chat;
    assert_int_equal(crux_chat_named(&chat, "qwen3", NULL), CRUX_OK);
    const struct crux_chat_message all[] = {
        say("user", "a"), say("assistant", "<think>\nx</think>y</think>\n\n\nz\n"),
        say("user", "b")};
    expect(&chat, t, all, 3,
           "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nz\n<|im_end|>\n<|im_start|>user\n"
           "b<|im_end|>\n<|im_start|>assistant\n");
    crux_tokenizer_close(t);
}

static void unknown_templates(void **state) {
    (void)state;
    static const char *const words[] = {
        "{{ message['content'] }}",
        TURN "{% if tools %}",
        TURN "<think>",
        "{{'<|im_start|>system<|im_sep|>' + message['content'] + '<|im_end|>'}}",
        "<start_of_turn>",
        "bos_token + '[INST] ' + content.strip() + ' [/INST]'",
        "'<|' + message['role'] + '|>' + message['content'] + '<|end|>'",
        ""};
    struct crux_chat chat;
    for (size_t i = 0; i <= CRUX_ARRAY_LEN(words); i++) {
        struct crux_tokenizer_error error = {""};
        const char *text = i < CRUX_ARRAY_LEN(words) ? words[i] : NULL;
        assert_int_equal(crux_chat_recognise(&chat, text, text != NULL ? strlen(text) : 0, &error),
                         CRUX_E_UNSUPPORTED);
        assert_non_null(strstr(error.text, "--chat-template"));
    }
    struct crux_tokenizer_error error = {""};
    assert_int_equal(crux_chat_named(&chat, "alpaca", &error), CRUX_E_UNKNOWN_NAME);
    assert_non_null(strstr(error.text, "chatml"));
    assert_non_null(strstr(error.text, "mistral-v0.2")); /* the last: the list is whole */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_templates),
        cmocka_unit_test(conversations_that_are_none),
        cmocka_unit_test(thoughts_are_dropped),
        cmocka_unit_test(unknown_templates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
