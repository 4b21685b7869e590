/* One way to write a conversation. Internal. In its strings \1 is the model's bos and \2 its eos. */
#ifndef CRUX_EXECUTOR_TOKENIZER_CHAT_STYLE_H
#define CRUX_EXECUTOR_TOKENIZER_CHAT_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#define CRUX_CHAT_MARKS_MAX 6

enum crux_chat_system {
    CRUX_CHAT_SYSTEM_TURN,       /* between before_system and after_system */
    CRUX_CHAT_SYSTEM_FIRST_USER, /* the same, inside the first user message */
    CRUX_CHAT_SYSTEM_LAST_USER,  /* the same, inside the last one */
    CRUX_CHAT_SYSTEM_REFUSED,
};

struct crux_chat_style {
    const char *name;
    /* Of the template, where \n in a string literal counts as the line end that it means. */
    const char *has[CRUX_CHAT_MARKS_MAX];
    const char *has_not[CRUX_CHAT_MARKS_MAX];
    enum crux_chat_system system;
    bool alternates; /* user and assistant must take turns */
    bool trims_user, trims_assistant, trims_system;
    bool trims_joined;   /* a user message is trimmed after the system message went into it */
    bool drops_thoughts; /* of earlier answers: what is before </think> */
    bool drops_empty_system;
    bool opens_each_pair;       /* bos stands in before_user, not at the beginning */
    const char *default_system; /* NULL: no system message, no system turn */
    const char *before_system, *after_system;
    const char *before_user, *after_user;
    const char *before_assistant, *after_assistant;
    const char *answer; /* after the last message */
};

extern const struct crux_chat_style crux_chat_styles[];
extern const size_t crux_chat_style_count;

#endif
