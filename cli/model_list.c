/* crux model list: the models in a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain-adapter/io/json.h"
#include "cli/model_say.h"
#include "cli/output.h"
#include "executor/engine/engine.h"

enum { MODELS_MAX = 4096, PATH_BYTES = 4096 };

struct found {
    char *name[MODELS_MAX];
    unsigned count;
};

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_model_name(const char *name) {
    size_t len = strlen(name);
    return len > 5 && strcmp(name + len - 5, ".crux") == 0;
}

static enum crux_status read_folder(struct found *found, const char *path) {
    DIR *folder = opendir(path);
    if (folder == NULL) return CRUX_E_IO;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (!is_model_name(entry->d_name) || found->count == MODELS_MAX) continue;
        char *name = strdup(entry->d_name);
        if (name == NULL) break;
        found->name[found->count++] = name;
    }
    (void)closedir(folder);
    qsort(found->name, found->count, sizeof *found->name, compare);
    return CRUX_OK;
}

/* Returns: an object about one file, a refused one too. */
static json_t *describe(const char *folder, const char *name) {
    char path[PATH_BYTES], message[CRUX_MODEL_MESSAGE_BYTES];
    struct crux_model_file model;
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof path) return NULL;
    enum crux_status status = crux_model_file_open(&model, path, message);
    if (status != CRUX_OK)
        return json_pack("{s:o, s:s, s:o}", "file", crux_cli_json_text(name), "error",
                         crux_status_name(status), "message", crux_cli_json_text(message));
    json_t *manifest = json_loadb((const char *)model.manifest.bytes, model.manifest.len, 0, NULL);
    json_t *object = json_pack(
        "{s:o, s:o, s:O?, s:O?, s:I, s:I}", "file", crux_cli_json_text(name), "model_root",
        crux_json_of_bytes(model.root, 32), "arch", json_object_get(manifest, "arch"), "name",
        json_object_get(manifest, "name"), "context", (json_int_t)model.config.decoder.context,
        "file_bytes", (json_int_t)model.map_len);
    json_decref(manifest);
    crux_model_file_close(&model);
    return object;
}

static const char *text_in(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static void say(const json_t *object) {
    if (json_object_get(object, "error") != NULL) {
        (void)printf("%s  %s\n", text_in(object, "file"), text_in(object, "message"));
        return;
    }
    (void)printf("%s  %.1f MB, %s, %lld positions\n  %s\n", text_in(object, "file"),
                 (double)json_integer_value(json_object_get(object, "file_bytes")) / 1e6,
                 text_in(object, "arch"),
                 (long long)json_integer_value(json_object_get(object, "context")),
                 text_in(object, "model_root"));
}

enum crux_cli_exit crux_cli_run_model_list(const struct crux_cli_call *call) {
    static struct found found;
    const char *folder = call->operand_count > 0 ? call->operand[0] : ".";
    if (read_folder(&found, folder) != CRUX_OK)
        return crux_cli_fail(call, CRUX_E_IO, "cannot open '%.300s': %s", folder, strerror(errno));
    json_t *models = json_array();
    for (unsigned i = 0; i < found.count; i++) {
        json_t *object = describe(folder, found.name[i]);
        if (!call->json && object != NULL) say(object);
        (void)json_array_append_new(models, object);
        free(found.name[i]);
    }
    if (call->json) return crux_cli_answer(call, json_pack("{s:o}", "models", models));
    if (found.count == 0) (void)printf("no file *.crux in %s\n", folder);
    json_decref(models);
    return CRUX_CLI_OK;
}
