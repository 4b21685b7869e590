/* The known templates. The first of the list that fits is taken. */
#include "executor/tokenizer/chat_style.h"
#include "kernels/kernels.h"

#define CHATML                                                                                     \
    .before_system = "<|im_start|>system\n", .after_system = "<|im_end|>\n",                       \
    .before_user = "<|im_start|>user\n", .after_user = "<|im_end|>\n",                             \
    .before_assistant = "<|im_start|>assistant\n", .after_assistant = "<|im_end|>\n",              \
    .answer = "<|im_start|>assistant\n"

#define PLAIN_TURN                                                                                 \
    "'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'"
#define DOTTED_TURN "'<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n'"

#define LLAMA3                                                                                     \
    .trims_system = true, .trims_user = true, .trims_assistant = true,                             \
    .after_system = "<|eot_id|>", .before_user = "<|start_header_id|>user<|end_header_id|>\n\n",   \
    .after_user = "<|eot_id|>",                                                                    \
    .before_assistant = "<|start_header_id|>assistant<|end_header_id|>\n\n",                       \
    .after_assistant = "<|eot_id|>", .answer = "<|start_header_id|>assistant<|end_header_id|>\n\n"

#define GEMMA                                                                                      \
    .alternates = true, .trims_user = true, .trims_assistant = true,                               \
    .before_user = "<start_of_turn>user\n", .after_user = "<end_of_turn>\n",                       \
    .before_assistant = "<start_of_turn>model\n", .after_assistant = "<end_of_turn>\n",            \
    .answer = "<start_of_turn>model\n"

#define PHI3                                                                                       \
    .before_system = "<|system|>\n", .after_system = "<|end|>\n", .before_user = "<|user|>\n",     \
    .after_user = "<|end|>\n", .before_assistant = "<|assistant|>\n",                              \
    .after_assistant = "<|end|>\n", .answer = "<|assistant|>\n"

const struct crux_chat_style crux_chat_styles[] = {
    {.name = "smollm2",
     .has = {"<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
             "Face<|im_end|>",
             PLAIN_TURN},
     .has_not = {"tools", "think"},
     .default_system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
     CHATML},
    {.name = "qwen2.5",
     .has = {"<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful "
             "assistant.<|im_end|>",
             DOTTED_TURN},
     .has_not = {"think", "vision"},
     .default_system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
     CHATML},
    {.name = "qwen2",
     .has = {"<|im_start|>system\nYou are a helpful assistant.<|im_end|>", DOTTED_TURN},
     .has_not = {"think", "vision"},
     .default_system = "You are a helpful assistant.",
     CHATML},
    {.name = "qwen2",
     .has = {"<|im_start|>system\nYou are a helpful assistant.<|im_end|>", PLAIN_TURN},
     .has_not = {"tools", "think", "vision"},
     .default_system = "You are a helpful assistant.",
     CHATML},
    {.name = "qwen1.5",
     .has = {"<|im_start|>system\nYou are a helpful assistant<|im_end|>", PLAIN_TURN},
     .has_not = {"tools", "think"},
     .default_system = "You are a helpful assistant",
     CHATML},
    {.name = "qwen3",
     .has = {"<|im_start|>", "last_query_index", "</think>", "enable_thinking",
             "reasoning_content"},
     .has_not = {"You are a", "You are Q", "vision"},
     .drops_thoughts = true,
     CHATML},
    {.name = "chatml",
     .has = {PLAIN_TURN},
     .has_not = {"tools", "think", "You are", "<|im_sep|>", "raise_exception", "trim"},
     CHATML},
    /* Its date is the one that the template falls back to: a clock would make the same request two. */
    {.name = "llama3.1",
     .has = {"<|start_header_id|>", "<|eot_id|>", "Cutting Knowledge Date: December 2023",
             "26 Jul 2024", "message['content'] | trim + '<|eot_id|>'"},
     .before_system = "<|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: "
                      "December 2023\nToday Date: 26 Jul 2024\n\n",
     .default_system = "",
     LLAMA3},
    {.name = "llama3",
     .has = {"<|start_header_id|>", "<|eot_id|>", "message['content'] | trim + '<|eot_id|>'"},
     .has_not = {"Cutting Knowledge", "tools", "ipython", "You are"},
     .before_system = "<|start_header_id|>system<|end_header_id|>\n\n",
     LLAMA3},
    {.name = "gemma3",
     .has = {"<start_of_turn>", "first_user_prefix"},
     .has_not = {"tools"},
     .system = CRUX_CHAT_SYSTEM_FIRST_USER,
     .before_system = "",
     .after_system = "\n\n",
     GEMMA},
    {.name = "gemma",
     .has = {"<start_of_turn>", "System role not supported"},
     .has_not = {"tools"},
     .system = CRUX_CHAT_SYSTEM_REFUSED,
     GEMMA},
    {.name = "phi3",
     .has = {"'<|' + message['role'] + '|>' + '\n' + message['content'] + '<|end|>\n'"},
     .has_not = {"tools"},
     PHI3},
    {.name = "phi3",
     .has = {"<|system|>\n", "<|user|>\n", "<|end|>\n", "<|assistant|>\n",
             "message['role'] == 'system' and message['content']"},
     .has_not = {"tools", "trim"},
     .drops_empty_system = true,
     PHI3},
    {.name = "phi3",
     .has = {"<|system|>\n", "<|user|>\n", "<|end|>\n", "<|assistant|>\n"},
     .has_not = {"tools", "trim", "and message['content']"},
     PHI3},
    {.name = "phi3",
     .has = {"'<|system|>' + '\n'", "'<|user|>' + '\n'", "'<|end|>' + '\n'", "<|assistant|>"},
     .has_not = {"tools", "trim"},
     PHI3},
    {.name = "phi3-user",
     .has = {"'<|user|>' + '\n'", "'<|end|>' + '\n'", "'<|assistant|>' + '\n'"},
     .has_not = {"tools", "trim", "system"},
     .system = CRUX_CHAT_SYSTEM_REFUSED,
     .alternates = true,
     PHI3},
    {.name = "llama2",
     .has = {"bos_token + '[INST] ' + content.strip() + ' [/INST]'", "'<<SYS>>\n' + system_message",
             "+ content.strip() + ' ' + eos_token"},
     .has_not = {"system_message = 'You", "tools"},
     .system = CRUX_CHAT_SYSTEM_FIRST_USER,
     .alternates = true,
     .trims_joined = true,
     .trims_assistant = true,
     .opens_each_pair = true,
     .before_system = "<<SYS>>\n",
     .after_system = "\n<</SYS>>\n\n",
     .before_user = "\1[INST] ",
     .after_user = " [/INST]",
     .before_assistant = " ",
     .after_assistant = " \2",
     .answer = ""},
    {.name = "mistral-v7",
     .has = {"'[SYSTEM_PROMPT] ' + message['content'] + '[/SYSTEM_PROMPT]'",
             "'[INST] ' + message['content'] + '[/INST]'", "' ' + message['content'] + eos_token"},
     .has_not = {"tools"},
     .before_system = "[SYSTEM_PROMPT] ",
     .after_system = "[/SYSTEM_PROMPT]",
     .before_user = "[INST] ",
     .after_user = "[/INST]",
     .before_assistant = " ",
     .after_assistant = "\2",
     .answer = ""},
    {.name = "mistral-v3-tekken",
     .has = {"\"[INST]\" + message[\"content\"] + \"[/INST]\"", "loop.last and system_message",
             "message[\"content\"] + eos_token"},
     .has_not = {"\" \" + message", "|trim", "You are"},
     .system = CRUX_CHAT_SYSTEM_LAST_USER,
     .alternates = true,
     .before_system = "",
     .after_system = "\n\n",
     .before_user = "[INST]",
     .after_user = "[/INST]",
     .before_assistant = "",
     .after_assistant = "\2",
     .answer = ""},
    {.name = "mistral-v3",
     .has = {"\"[INST] \" + message[\"content\"] + \"[/INST]\"", "loop.last and system_message",
             "\" \" + message[\"content\"]|trim + eos_token"},
     .has_not = {"You are"},
     .system = CRUX_CHAT_SYSTEM_LAST_USER,
     .alternates = true,
     .trims_assistant = true,
     .before_system = "",
     .after_system = "\n\n",
     .before_user = "[INST] ",
     .after_user = "[/INST]",
     .before_assistant = " ",
     .after_assistant = "\2",
     .answer = ""},
    {.name = "mistral-v1",
     .has = {"' [INST] ' + system_message + '\n\n' + message['content'] + ' [/INST]'",
             "' [INST] ' + message['content'] + ' [/INST]'",
             "' ' + message['content'] + eos_token"},
     .has_not = {"tools", "You are"},
     .system = CRUX_CHAT_SYSTEM_FIRST_USER,
     .alternates = true,
     .before_system = "",
     .after_system = "\n\n",
     .before_user = " [INST] ",
     .after_user = " [/INST]",
     .before_assistant = " ",
     .after_assistant = "\2",
     .answer = ""},
    {.name = "mistral-v0.2",
     .has = {"'[INST] ' + message['content'] + ' [/INST]'", "{{ message['content'] + eos_token}}",
             "Only user and assistant roles are supported!"},
     .has_not = {"tools", "You are", "<<SYS>>"},
     .system = CRUX_CHAT_SYSTEM_REFUSED,
     .alternates = true,
     .before_user = "[INST] ",
     .after_user = " [/INST]",
     .before_assistant = "",
     .after_assistant = "\2",
     .answer = ""},
};

const size_t crux_chat_style_count = CRUX_ARRAY_LEN(crux_chat_styles);
