/* Runs the vectors of one or more folders against this build.  spec/60-vectors.md
 *
 *   run_vectors FOLDER...      one line a file, then "N passed, N failed"
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/bisection.h"
#include "kernels/program/program_text.h"
#include "tests/conformance/vector_check.h"
#include "tests/conformance/vector_file.h"

static const char *const files[] = {"errors",    "ops",      "descriptors", "layout", "merkle",
                                    "encodings", "programs", "witnesses",   "game"};

static uint8_t question[CRUX_QUESTION_BYTES_MAX], want[CRUX_ANSWER_BYTES_MAX],
    answer[CRUX_ANSWER_BYTES_MAX];

struct tally {
    unsigned passed, failed;
};

/* ---- one vector ---- */

static enum crux_status wanted_status(struct crux_vector_check *check) {
    const json_t *error = json_object_get(check->vector, "error");
    if (error == NULL) return CRUX_OK;
    for (unsigned i = 1; json_is_string(error) && i < CRUX_STATUS_COUNT; i++) {
        if (strcmp(json_string_value(error), crux_status_name((enum crux_status)i)) == 0)
            return (enum crux_status)i;
    }
    crux_vector_problem(check, "no error has this name");
    return CRUX_OK;
}

static void compare_status(struct crux_vector_check *check, enum crux_status found) {
    enum crux_status wanted = wanted_status(check);
    if (found != wanted)
        crux_vector_problem(check, "gives %s, not %s", crux_status_name(found),
                            crux_status_name(wanted));
}

static void ask(struct crux_vector_check *check, const struct crux_vector_kind *kind) {
    crux_put_u8(&check->question, (uint8_t)kind->question);
    kind->handler(check);
    if (check->question.status != CRUX_OK || check->want.status != CRUX_OK)
        crux_vector_problem(check, "the vector is too large");
    if (check->problem[0] != '\0') return;
    size_t len = crux_conformance_answer(answer, sizeof answer, question, check->question.at);
    compare_status(check, (enum crux_status)crux_load_u16(answer));
    if (json_object_get(check->vector, "error") != NULL) return;
    if (len - 2 != check->want.at)
        crux_vector_problem(check, "the answer has %zu bytes, not %zu", len - 2, check->want.at);
    for (size_t i = 0; i + 2 < len && check->problem[0] == '\0'; i++) {
        if (answer[i + 2] != want[i])
            crux_vector_problem(check, "the answer differs at byte %zu: %u, not %u", i,
                                answer[i + 2], want[i]);
    }
}

/* A root once more by the builder of trees, which has nothing in common with proofs. */
static void check_tree(struct crux_vector_check *check) {
    static uint8_t memory[3 * 32 * CRUX_ASK_LEAVES_MAX];
    struct crux_merkle_tree tree;
    uint8_t root[32];
    uint32_t count = crux_load_u32(question + 1);
    struct crux_merkle_shape shape = crux_merkle_shape_plain(count);
    if (check->problem[0] != '\0' || crux_merkle_tree_bytes(&shape) > sizeof memory) return;
    crux_merkle_tree_init(&tree, &shape, memory);
    memcpy(tree.hash, question + 5, 32 * (size_t)count);
    crux_merkle_tree_build(&tree);
    crux_merkle_tree_root(root, &tree);
    if (memcmp(root, want, sizeof root) != 0)
        crux_vector_problem(check, "the builder of trees has another root");
}

/* A valid program's text gives its bytes, and its bytes give the text. */
static void check_text(struct crux_vector_check *check) {
    const char *text = crux_vector_get_string(check, check->vector, "text");
    struct crux_program program = {.tensor_count = 0};
    struct crux_text_error error;
    uint8_t *bytes = NULL;
    char *shown = NULL;
    size_t len = 0;
    enum crux_status status = crux_program_assemble(&program, text, strlen(text), &error);
    if (status == CRUX_OK) status = crux_program_encode(&bytes, &len, &program);
    if (status != CRUX_OK || len + 1 != check->question.at || memcmp(bytes, question + 1, len) != 0)
        crux_vector_problem(check, "the text is not that of the bytes");
    free(bytes);
    if (crux_program_show(&shown, &len, &program) != CRUX_OK || strcmp(shown, text) != 0)
        crux_vector_problem(check, "the bytes show another text");
    free(shown);
    crux_program_free(&program);
}

static enum crux_status judge(enum crux_finding *finding, struct crux_vector_check *check) {
    struct crux_writer claim_bytes, element_bytes;
    struct crux_claim claim;
    struct crux_element_id element;
    *finding = CRUX_FINDING_NONE;
    crux_writer_init(&claim_bytes, answer, 512);
    crux_writer_init(&element_bytes, answer + 512, 512);
    crux_vector_get_hex(check, &claim_bytes, check->vector, "claim");
    crux_vector_get_hex(check, &element_bytes, check->vector, "element");
    crux_vector_get_hex(check, &check->question, check->vector, "witness");
    enum crux_status status = crux_claim_decode(&claim, claim_bytes.p, claim_bytes.at);
    if (status == CRUX_OK)
        status = crux_element_decode(&element, element_bytes.p, element_bytes.at);
    if (status == CRUX_OK)
        status = crux_adjudicate(finding, &claim, &element, question, check->question.at);
    return status;
}

static void check_witness(struct crux_vector_check *check) {
    static const char *const names[] = {"none", "consistent", "inconsistent"};
    enum crux_finding finding;
    bool has_error = json_object_get(check->vector, "error") != NULL;
    crux_vector_check_keys(
        check, check->vector,
        has_error ? "name claim element witness error" : "name claim element witness finding", "");
    compare_status(check, judge(&finding, check));
    if (has_error) {
        if (finding != CRUX_FINDING_NONE) crux_vector_problem(check, "a finding beside an error");
    } else if (strcmp(crux_vector_get_string(check, check->vector, "finding"), names[finding]) !=
               0) {
        crux_vector_problem(check, "is %s", names[finding]);
    }
}

/* "descriptor_case_code_0" -> "descriptor".  Returns: false if the name is not of this form. */
static bool function_of(char *function, size_t cap, const char *name) {
    const char *end = strstr(name, "_case_");
    if (end == NULL || end == name || end[6] == '\0' || (size_t)(end - name) >= cap) return false;
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') return false;
    memcpy(function, name, (size_t)(end - name));
    function[end - name] = '\0';
    return true;
}

static void check_vector(struct crux_vector_check *check, const char *file) {
    char function[64], keys[256];
    if (!function_of(function, sizeof function,
                     crux_vector_get_string(check, check->vector, "name"))) {
        crux_vector_problem(check, "a name is FUNCTION_case_REASON");
        return;
    }
    if (strcmp(file, "witnesses") == 0) {
        check_witness(check);
        return;
    }
    if (strcmp(file, "game") == 0) {
        crux_vector_check_game(check);
        return;
    }
    const struct crux_vector_kind *kind = crux_vector_kind_find(file, function);
    if (kind == NULL) {
        crux_vector_problem(check, "no function '%s' is known in this file", function);
        return;
    }
    const char *result = json_object_get(check->vector, "error") != NULL ? "error" : kind->outputs;
    (void)snprintf(keys, sizeof keys, "name%s%s%s%s", kind->inputs[0] == '\0' ? "" : " ",
                   kind->inputs, result[0] == '\0' ? "" : " ", result);
    crux_vector_check_keys(check, check->vector, keys, kind->optional);
    if (check->problem[0] != '\0') return;
    ask(check, kind);
    if (kind->question == CRUX_ASK_ROOT) check_tree(check);
    if (json_object_get(check->vector, "text") != NULL) check_text(check);
}

/* ---- one file ---- */

static void run_vector(struct tally *tally, const char *file, const json_t *vector, json_t *names) {
    struct crux_vector_check check = {.vector = vector};
    const char *name = json_string_value(json_object_get(vector, "name"));
    crux_writer_init(&check.question, question, sizeof question);
    crux_writer_init(&check.want, want, sizeof want);
    if (name != NULL && json_object_get(names, name) != NULL)
        crux_vector_problem(&check, "the name is given twice");
    if (name != NULL) (void)json_object_set_new(names, name, json_true());
    check_vector(&check, file);
    if (check.problem[0] == '\0') {
        tally->passed++;
        return;
    }
    tally->failed++;
    printf("FAILED %s: %s: %s\n", file, name == NULL ? "?" : name, check.problem);
}

static void check_head(struct crux_vector_check *check, const char *file) {
    crux_vector_check_keys(check, check->vector, "file format vectors", "");
    if (strcmp(crux_vector_get_string(check, check->vector, "file"), file) != 0)
        crux_vector_problem(check, "\"file\" is not its name");
    if (crux_vector_get_number(check, check->vector, "format", INT32_MAX) != CRUX_VECTOR_FORMAT)
        crux_vector_problem(check, "the format is not 2");
    if (json_array_size(crux_vector_get_array(check, check->vector, "vectors")) == 0)
        crux_vector_problem(check, "no vectors");
}

static void run_file(struct tally *tally, const char *folder, const char *file) {
    char path[4096];
    json_error_t error;
    struct tally own = {0, 0};
    struct crux_vector_check head = {0};
    json_t *names = json_object();
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, file);
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    head.vector = root;
    if (root == NULL)
        crux_vector_problem(&head, "line %d: %s", error.line, error.text);
    else
        check_head(&head, file);
    if (head.problem[0] != '\0') {
        own.failed++;
        printf("FAILED %s: %s\n", path, head.problem);
    } else {
        const json_t *vectors = json_object_get(root, "vectors");
        for (size_t i = 0; i < json_array_size(vectors); i++)
            run_vector(&own, file, json_array_get(vectors, i), names);
    }
    printf("%-12s %5u passed, %u failed\n", file, own.passed, own.failed);
    tally->passed += own.passed;
    tally->failed += own.failed;
    json_decref(names);
    json_decref(root);
}

/* A file that no runner reads would be a vector that cannot fail. */
static void refuse_unknown_files(struct tally *tally, const char *folder) {
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        bool known = dot == NULL || strcmp(dot, ".json") != 0;
        for (size_t i = 0; i < CRUX_ARRAY_LEN(files); i++) {
            size_t len = strlen(files[i]);
            known = known || (strncmp(entry->d_name, files[i], len) == 0 &&
                              strcmp(entry->d_name + len, ".json") == 0);
        }
        if (known) continue;
        tally->failed++;
        printf("FAILED %s/%s: no such vector file is known\n", folder, entry->d_name);
    }
    if (dir != NULL) closedir(dir);
}

int main(int argc, char **argv) {
    struct tally tally = {0, 0};
    if (argc < 2) {
        fprintf(stderr, "usage: run_vectors FOLDER...\n");
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        for (size_t j = 0; j < CRUX_ARRAY_LEN(files); j++) run_file(&tally, argv[i], files[j]);
        refuse_unknown_files(&tally, argv[i]);
    }
    printf("%u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}
