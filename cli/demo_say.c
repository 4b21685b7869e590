/* A demo told to a person in about a dozen lines, or as one JSON object. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/demo.h"
#include "cli/output.h"

enum { SHORT_BYTES = 4, SHORT_TEXT = 2 * SHORT_BYTES + 3 };

/* The first bytes of a hash: "3f2a91c0..". */
static const char *brief(char out[SHORT_TEXT], const uint8_t hash[32]) {
    for (unsigned i = 0; i < SHORT_BYTES; i++) (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
    (void)snprintf(out + 2 * SHORT_BYTES, 3, "..");
    return out;
}

static const char *tree_name(unsigned kind) {
    switch ((enum crux_tree_kind)kind) {
    case CRUX_TREE_TRACE: return "trace";
    case CRUX_TREE_TENSORS: return "tensors";
    case CRUX_TREE_RECORD: return "record";
    case CRUX_TREE_TENSOR:
    case CRUX_TREE_STORE: return "pages";
    case CRUX_TREE_LAYERS:
    case CRUX_TREE_OPS:
    case CRUX_TREE_MODEL:
    case CRUX_TREE_TOKENS:
    case CRUX_TREE_OUTPUT: break; /* not narrowed */
    }
    return "?";
}

static void start_line(const char *name) {
    const struct crux_cli_style *style = crux_cli_style();
    printf("%s%-10s%s ", style->bold, name, style->off);
}

/* One character a node: = the same as the challenger's, x the first that differs, . not looked at. */
static void say_round(const struct crux_cli_round *round) {
    const struct crux_cli_style *style = crux_cli_style();
    printf("  ");
    for (uint32_t i = 0; i < round->pick; i++) putchar('=');
    printf("%sx%s%s", style->bad, style->off, style->dim);
    for (uint32_t i = round->pick + 1; i < round->revealed; i++) putchar('.');
    printf("%s", style->off);
}

static void say_rounds(const struct crux_cli_demo *demo) {
    const struct crux_cli_narrowing *n = &demo->narrowing;
    start_line("narrow");
    printf("at most %u nodes a round: = as the challenger has it, x the first that is not\n",
           1U << n->k_log2);
    for (unsigned i = 0; i < n->count;) {
        uint8_t kind = n->round[i].kind;
        start_line("");
        printf("%-8s", tree_name(kind));
        for (; i < n->count && n->round[i].kind == kind; i++) say_round(&n->round[i]);
        printf("\n");
    }
}

static const struct crux_program *program_of(const struct crux_cli_demo *demo) {
    return crux_cli_demo_program(&demo->model);
}

static const char *label_of(const struct crux_cli_demo *demo) {
    const struct crux_layer *layer = &program_of(demo)->layers[demo->lie.layer];
    return program_of(demo)->ops[layer->first + demo->lie.op].label;
}

static const char *name_of(const struct crux_cli_demo *demo) {
    const struct crux_layer *layer = &program_of(demo)->layers[demo->lie.layer];
    return crux_opcode_name(program_of(demo)->ops[layer->first + demo->lie.op].op.code);
}

static void say_executors(const struct crux_cli_demo *demo) {
    const struct crux_claim *claim = crux_archive_claim(demo->honest);
    const struct crux_run *run = crux_archive_tokens(demo->honest);
    uint8_t claim_hash[32];
    char a[SHORT_TEXT], b[SHORT_TEXT];
    crux_claim_hash(claim_hash, claim);
    start_line("model");
    printf("a decoder of %u layers, %u ops, %" PRIu64 " bytes of %sweights: root %s\n",
           program_of(demo)->header.layers, program_of(demo)->op_count, demo->model.weight_bytes,
           demo->model.from_file ? "" : "random ", brief(a, claim->model_root));
    start_line("request");
    printf("%u tokens, %u more wanted: hash %s\n", run->n, demo->model.request.fields.limit,
           brief(a, claim->request_hash));
    start_line("run");
    printf("%.*s\n", (int)demo->answer.len, demo->answer.bytes);
    start_line("");
    printf("%u tokens in %.2f s, %s\n", run->chosen, demo->honest_seconds,
           demo->model.from_file ? "by the engine" : "element by element");
    start_line("commit");
    printf("%" PRIu64 " trace leaves over %" PRIu64
           " bytes of records: root %s, claim %s (%d bytes)\n",
           demo->trace_leaves, demo->record_bytes, brief(a, claim->trace_root),
           brief(b, claim_hash), (int)CRUX_CLAIM_BYTES);
    start_line("element");
    printf("position %u, layer %u, op %u (%s %s), element %" PRIu64 ": %" PRId64 "\n",
           demo->lie.pos, demo->lie.layer, demo->lie.op, name_of(demo), label_of(demo),
           demo->lie.element, demo->lie.honest);
    start_line("");
    printf("a witness of %zu bytes; the adjudicator finds it consistent\n",
           demo->honest_witness_bytes);
    start_line("lie");
    printf("another executor says %" PRId64 " there and computes on from it: trace root %s\n",
           demo->lie.value, brief(a, crux_archive_claim(demo->liar)->trace_root));
}

static void say_dispute(const struct crux_cli_demo *demo) {
    const struct crux_cli_style *style = crux_cli_style();
    const struct crux_cli_narrowing *n = &demo->narrowing;
    start_line("challenger");
    printf("re-executes in %.2f s; its trace differs from leaf %" PRIu64 " on\n",
           demo->challenger_seconds, n->trace_leaf);
    say_rounds(demo);
    start_line("found");
    printf("position %u, layer %u, op %u, page %" PRIu64 " of %" PRIu64 ", element %" PRIu64
           ": %" PRId64 ", not %" PRId64 "\n",
           n->element.pos, n->element.layer, n->element.op, n->page, n->pages, n->element.index,
           n->theirs, n->mine);
    start_line("witness");
    printf("%zu bytes; claimed %" PRId64 ", the law says %" PRId64 ": inconsistent, in %.0f us\n",
           demo->witness_bytes, demo->claimed, demo->lawful, demo->adjudicate_seconds * 1e6);
    start_line("verdict");
    printf("%schallenger%s, after %u rounds and %" PRIu64 " bytes revealed\n", style->good,
           style->off, n->count, n->revealed_bytes);
}

/* ---- JSON ---- */

static json_t *hash_of(const uint8_t hash[32]) {
    return crux_cli_json_hex(hash, 32);
}

static json_t *list_tokens(const uint32_t *tokens, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = 0; list != NULL && i < count; i++)
        (void)json_array_append_new(list, json_integer((json_int_t)tokens[i]));
    return list;
}

static json_t *list_rounds(const struct crux_cli_narrowing *n) {
    json_t *list = json_array();
    for (unsigned i = 0; list != NULL && i < n->count; i++)
        (void)json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "tree",
                                                    tree_name(n->round[i].kind), "revealed",
                                                    (json_int_t)n->round[i].revealed, "pick",
                                                    (json_int_t)n->round[i].pick));
    return list;
}

static json_t *describe_run(const struct crux_cli_demo *demo) {
    const struct crux_claim *claim = crux_archive_claim(demo->honest);
    const struct crux_run *run = crux_archive_tokens(demo->honest);
    uint8_t claim_hash[32];
    crux_claim_hash(claim_hash, claim);
    return json_pack(
        "{s:s#, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:f, s:I, s:s}", "answer",
        demo->answer.bytes, (int)demo->answer.len, "tokens", list_tokens(run->tokens, run->chosen),
        "model_root", hash_of(claim->model_root), "request_hash", hash_of(claim->request_hash),
        "trace_root", hash_of(claim->trace_root), "claim_hash", hash_of(claim_hash), "trace_leaves",
        (json_int_t)demo->trace_leaves, "record_bytes", (json_int_t)demo->record_bytes,
        "weight_bytes", (json_int_t)demo->model.weight_bytes, "seconds", demo->honest_seconds,
        "witness_bytes", (json_int_t)demo->honest_witness_bytes, "finding",
        demo->honest_finding == CRUX_CONSISTENT ? "consistent" : "inconsistent");
}

static json_t *describe_lie(const struct crux_cli_demo *demo) {
    return json_pack(
        "{s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I, s:i, s:o}", "position", (json_int_t)demo->lie.pos,
        "layer", (json_int_t)demo->lie.layer, "op", (json_int_t)demo->lie.op, "name", name_of(demo),
        "label", label_of(demo), "element", (json_int_t)demo->lie.element, "honest",
        (json_int_t)demo->lie.honest, "value", (json_int_t)demo->lie.value, "lost",
        (int)demo->lies_lost, "trace_root", hash_of(crux_archive_claim(demo->liar)->trace_root));
}

static json_t *describe_dispute(const struct crux_cli_demo *demo) {
    const struct crux_cli_narrowing *n = &demo->narrowing;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:o, s:I, s:f, s:f}", "trace_leaf",
                     (json_int_t)n->trace_leaf, "position", (json_int_t)n->element.pos, "layer",
                     (json_int_t)n->element.layer, "op", (json_int_t)n->element.op, "page",
                     (json_int_t)n->page, "element", (json_int_t)n->element.index, "k",
                     1 << n->k_log2, "rounds", list_rounds(n), "revealed_bytes",
                     (json_int_t)n->revealed_bytes, "seconds_challenger", demo->challenger_seconds,
                     "seconds_narrowing", demo->narrow_seconds);
}

static json_t *describe(const struct crux_cli_demo *demo) {
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:s, s:f}", "winner", "challenger",
                     "seed", (json_int_t)demo->seed, "executor", describe_run(demo), "lie",
                     describe_lie(demo), "dispute", describe_dispute(demo), "witness_bytes",
                     (json_int_t)demo->witness_bytes, "claimed", (json_int_t)demo->claimed,
                     "lawful", (json_int_t)demo->lawful, "finding",
                     demo->finding == CRUX_CONSISTENT ? "consistent" : "inconsistent",
                     "seconds_adjudicator", demo->adjudicate_seconds);
}

enum crux_cli_exit crux_cli_demo_say(const struct crux_cli_call *call,
                                     const struct crux_cli_demo *demo) {
    if (call->json) return crux_cli_answer(call, describe(demo));
    say_executors(demo);
    say_dispute(demo);
    return CRUX_CLI_OK;
}
