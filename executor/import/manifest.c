#include "executor/import/manifest.h"

#include <stdio.h>
#include <stdlib.h>

enum { MANIFEST_BYTES = 8192 }; /* names of 127 bytes, six letters each at most, and fixed fields */

struct text {
    char *p;
    size_t at;
};

static void put(struct text *out, const char *text) {
    while (*text != 0 && out->at + 1 < MANIFEST_BYTES) out->p[out->at++] = *text++;
}

/* Bytes outside printable ASCII as \u00XX, one by one: a name need not be UTF-8, and every byte has one form. */
static void put_string(struct text *out, const char *key, const char *value) {
    char piece[8];
    put(out, "\"");
    put(out, key);
    put(out, "\":\"");
    for (; *value != 0; value++) {
        unsigned char c = (unsigned char)*value;
        bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
        (void)snprintf(piece, sizeof piece, plain ? "%c" : "\\u%04x", c);
        put(out, piece);
    }
    put(out, "\"");
}

static void put_number(struct text *out, const char *key, int64_t value) {
    char piece[64];
    (void)snprintf(piece, sizeof piece, "\"%s\":%lld", key, (long long)value);
    put(out, piece);
}

static void put_hash(struct text *out, const char *key, const uint8_t hash[32]) {
    char hex[65];
    for (size_t i = 0; i < 32; i++) (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    put_string(out, key, hex);
}

static const char *weights_name(enum crux_weights weights) {
    switch (weights) {
    case CRUX_WEIGHTS_INT8: return "int8";
    case CRUX_WEIGHTS_INT16: return "int16";
    case CRUX_WEIGHTS_INT4: return "int4";
    }
    return "";
}

enum crux_status crux_manifest_make(uint8_t **out, size_t *len,
                                    const struct crux_manifest *manifest) {
    const struct crux_import_report *report = manifest->report;
    uint8_t tokenizer[32], chat_template[32];
    struct text text = {malloc(MANIFEST_BYTES), 0};
    *out = NULL;
    if (text.p == NULL) return CRUX_E_OUT_OF_MEMORY;
    crux_sha256(tokenizer, manifest->tokenizer, manifest->tokenizer_len);
    crux_sha256(chat_template, manifest->chat_template, manifest->chat_template_len);
    put(&text, "{");
    put_string(&text, "arch", report->arch);
    put(&text, ",\"certificate\":{");
    put_number(&text, "overflow_margin_bits", report->certificate.margin_bits.value);
    put(&text, ",");
    put_number(&text, "work_max", report->certificate.k_work.value);
    put(&text, ",");
    put_number(&text, "witness_bytes_max", report->certificate.witness_bytes.value);
    put(&text, "},");
    put_hash(&text, "chat_template_sha256", chat_template);
    put(&text, ",");
    put_number(&text, "context", report->context);
    put(&text, ",");
    put_string(&text, "format", manifest->format);
    put(&text, ",");
    put_string(&text, "name", report->name);
    put(&text, ",");
    put_number(&text, "op_set", CRUX_OP_SET);
    put(&text, ",");
    put_hash(&text, "source_sha256", report->source_hash);
    put(&text, ",");
    put_hash(&text, "tokenizer_sha256", tokenizer);
    put(&text, ",");
    put_string(&text, "weights", weights_name(manifest->weights));
    put(&text, "}");
    *out = (uint8_t *)text.p;
    *len = text.at;
    return CRUX_OK;
}
