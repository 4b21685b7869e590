#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/tokenizer/chat_style.h"
#include "executor/tokenizer/space.h"
#include "executor/tokenizer/tokenizer.h"

static void list_names(char *out, size_t cap) {
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < crux_chat_style_count; i++) {
        const char *name = crux_chat_styles[i].name;
        if (i > 0 && strcmp(name, crux_chat_styles[i - 1].name) == 0) continue;
        int made = snprintf(out + at, cap - at, "%s%s", i > 0 ? ", " : "", name);
        if (made < 0 || (size_t)made >= cap - at) return;
        at += (size_t)made;
    }
}

/* Templates are written with \n in string literals, or with the line end itself: both become the line end. */
static char *plain_lines(const char *text, size_t len) {
    char *out = malloc(len + 1);
    size_t made = 0;
    if (out == NULL) return NULL;
    for (size_t i = 0; i < len; i++) {
        bool escape = text[i] == '\\' && i + 1 < len && text[i + 1] == 'n';
        /* A zero byte would hide what follows from the search. */
        out[made++] = escape ? '\n' : text[i] == '\0' ? ' ' : text[i];
        if (escape) i++;
    }
    out[made] = '\0';
    return out;
}

static bool fits(const struct crux_chat_style *style, const char *text) {
    for (size_t i = 0; i < CRUX_CHAT_MARKS_MAX && style->has[i] != NULL; i++) {
        if (strstr(text, style->has[i]) == NULL) return false;
    }
    for (size_t i = 0; i < CRUX_CHAT_MARKS_MAX && style->has_not[i] != NULL; i++) {
        if (strstr(text, style->has_not[i]) != NULL) return false;
    }
    return true;
}

enum crux_status crux_chat_recognise(struct crux_chat *chat, const char *template_text, size_t len,
                                     struct crux_tokenizer_error *error) {
    *chat = (struct crux_chat){0};
    if (template_text == NULL || len == 0) {
        return crux_tokenizer_fail(
            error, CRUX_E_UNSUPPORTED,
            "this model has no chat template; name one with --chat-template");
    }
    char *text = len <= CRUX_CHAT_TEMPLATE_BYTES_MAX ? plain_lines(template_text, len) : NULL;
    for (size_t i = 0; text != NULL && chat->style == NULL && i < crux_chat_style_count; i++) {
        if (fits(&crux_chat_styles[i], text)) chat->style = &crux_chat_styles[i];
    }
    if (chat->style != NULL) chat->bos = strstr(text, "bos_token") != NULL;
    free(text);
    if (chat->style != NULL) return CRUX_OK;
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                               "this model's chat template is not one that is known here; name the "
                               "nearest with --chat-template");
}

enum crux_status crux_chat_named(struct crux_chat *chat, const char *name,
                                 struct crux_tokenizer_error *error) {
    char names[CRUX_TOKENIZER_ERROR_BYTES - 48];
    *chat = (struct crux_chat){0};
    for (size_t i = 0; i < crux_chat_style_count; i++) {
        if (strcmp(crux_chat_styles[i].name, name) != 0) continue;
        /* Without a template to ask: bos where the tokenizer adds it, but in the text if it stands in each pair. */
        *chat = (struct crux_chat){&crux_chat_styles[i], crux_chat_styles[i].opens_each_pair};
        return CRUX_OK;
    }
    list_names(names, sizeof names);
    return crux_tokenizer_fail(error, CRUX_E_UNKNOWN_NAME, "--chat-template: there are %s", names);
}

const char *crux_chat_name(const struct crux_chat *chat) {
    return chat->style->name;
}

unsigned crux_chat_flags(const struct crux_chat *chat) {
    return chat->bos ? CRUX_ENCODE_CONTROL : CRUX_ENCODE_CONTROL | CRUX_ENCODE_BOS;
}

enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLE_NONE };

static enum role role_of(const struct crux_chat_message *message) {
    if (strcmp(message->role, "system") == 0) return ROLE_SYSTEM;
    if (strcmp(message->role, "user") == 0) return ROLE_USER;
    return strcmp(message->role, "assistant") == 0 ? ROLE_ASSISTANT : ROLE_NONE;
}

static enum crux_status check(const struct crux_chat_style *style,
                              const struct crux_chat_message *message, size_t count,
                              struct crux_tokenizer_error *error) {
    if (count == 0 || count > CRUX_CHAT_MESSAGES_MAX) {
        return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "a conversation of %zu messages",
                                   count);
    }
    enum role before = ROLE_ASSISTANT;
    for (size_t i = 0; i < count; i++) {
        enum role role = role_of(&message[i]);
        if (role == ROLE_NONE) {
            return crux_tokenizer_fail(
                error, CRUX_E_UNSUPPORTED,
                "message %zu: role '%.40s'; there are system, user, assistant", i, message[i].role);
        }
        if (role == ROLE_SYSTEM && (i > 0 || style->system == CRUX_CHAT_SYSTEM_REFUSED)) {
            return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                       i > 0 ? "message %zu: a system message must be the first"
                                             : "message %zu: this template has no system message",
                                       i);
        }
        if (role == ROLE_SYSTEM) continue;
        if (style->alternates && role == before) {
            return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED,
                                       "message %zu: user and assistant must take turns", i);
        }
        before = role;
    }
    if (role_of(&message[count - 1]) == ROLE_USER) return CRUX_OK;
    return crux_tokenizer_fail(error, CRUX_E_UNSUPPORTED, "the last message must be the user's");
}

struct render {
    const struct crux_chat *chat;
    const struct crux_tokenizer_source *source;
    struct crux_text *out;
    bool failed; /* sticky: out of memory */
};

static void put(struct render *r, const char *bytes, size_t len) {
    if (!r->failed && crux_text_add(r->out, bytes, len) != CRUX_OK) r->failed = true;
}

static void put_token(struct render *r, uint32_t id) {
    if (id >= r->source->token_count) return;
    const struct crux_tokenizer_token *token = &r->source->token[id];
    put(r, r->source->text + token->at, token->len);
}

/* A string of a style. */
static void put_style(struct render *r, const char *string) {
    for (; *string != '\0'; string++) {
        if (*string == '\1') {
            put_token(r, r->source->bos);
        } else if (*string == '\2') {
            put_token(r, r->source->eos);
        } else {
            put(r, string, 1);
        }
    }
}

/* Templates trim as Python does: white space, in Unicode's sense, at both ends. */
static void put_trimmed(struct render *r, const char *bytes, size_t len, bool trims) {
    size_t from = trims ? crux_space_skip(bytes, len, 0) : 0;
    size_t end = trims ? crux_space_skip_back(bytes, from, len) : len;
    put(r, bytes + from, end - from);
}

static void put_system(struct render *r, const char *content, size_t len) {
    const struct crux_chat_style *style = r->chat->style;
    put_style(r, style->before_system);
    put_trimmed(r, content, len, style->trims_system);
    put_style(r, style->after_system);
}

/* In: system, the message that goes into this one, or NULL. */
static void put_user(struct render *r, const struct crux_chat_message *message,
                     const struct crux_chat_message *system) {
    const struct crux_chat_style *style = r->chat->style;
    put_style(r, style->before_user);
    if (style->trims_joined) {
        struct crux_text joined = {0};
        struct render inner = *r;
        inner.out = &joined;
        if (system != NULL) put_system(&inner, system->content, system->content_len);
        put(&inner, message->content, message->content_len);
        r->failed |= inner.failed;
        if (joined.len > 0) put_trimmed(r, joined.bytes, joined.len, true);
        crux_text_free(&joined);
    } else {
        if (system != NULL) put_system(r, system->content, system->content_len);
        put_trimmed(r, message->content, message->content_len, style->trims_user);
    }
    put_style(r, style->after_user);
}

static void put_assistant(struct render *r, const struct crux_chat_message *message) {
    static const char end[] = "</think>";
    const struct crux_chat_style *style = r->chat->style;
    const char *content = message->content;
    size_t len = message->content_len, after = 0;
    for (size_t at = 0; style->drops_thoughts && at + sizeof end - 1 <= len; at++) {
        if (memcmp(content + at, end, sizeof end - 1) == 0) after = at + sizeof end - 1;
    }
    while (after > 0 && after < len && content[after] == '\n') after++;
    put_style(r, style->before_assistant);
    put_trimmed(r, content + after, len - after, style->trims_assistant);
    put_style(r, style->after_assistant);
}

enum crux_status crux_chat_render(const struct crux_chat *chat, struct crux_text *out,
                                  const struct crux_tokenizer *tokenizer,
                                  const struct crux_chat_message *message, size_t count,
                                  struct crux_tokenizer_error *error) {
    const struct crux_chat_style *style = chat->style;
    struct render r = {chat, crux_tokenizer_source(tokenizer), out, false};
    size_t len = out->len;
    enum crux_status status = check(style, message, count, error);
    if (status != CRUX_OK) return status;
    const struct crux_chat_message *system = role_of(&message[0]) == ROLE_SYSTEM ? message : NULL;
    size_t first = system != NULL ? 1 : 0;
    if (system != NULL && style->drops_empty_system && system->content_len == 0) system = NULL;
    if (chat->bos && !style->opens_each_pair) put_token(&r, r.source->bos);
    if (style->system == CRUX_CHAT_SYSTEM_TURN && system != NULL) {
        put_system(&r, system->content, system->content_len);
    } else if (system == NULL && style->default_system != NULL) {
        put_system(&r, style->default_system, strlen(style->default_system));
    }
    for (size_t i = first; i < count; i++) {
        if (role_of(&message[i]) == ROLE_ASSISTANT) {
            put_assistant(&r, &message[i]);
            continue;
        }
        bool takes = (style->system == CRUX_CHAT_SYSTEM_FIRST_USER && i == first) ||
                     (style->system == CRUX_CHAT_SYSTEM_LAST_USER && i == count - 1);
        put_user(&r, &message[i], takes ? system : NULL);
    }
    put_style(&r, style->answer);
    if (!r.failed) return CRUX_OK;
    out->len = len;
    return crux_tokenizer_fail(error, CRUX_E_OUT_OF_MEMORY, "no memory for the conversation");
}
