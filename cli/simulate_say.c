/* A simulation told to a person, or as one JSON object. */
#include <inttypes.h>
#include <stdio.h>

#include "chain-adapter/io/json.h"
#include "cli/output.h"
#include "cli/simulate.h"

enum { FAULT_TEXT = 300, SHOWN_MAX = 60 };

static const char *const who_names[] = {"executor", "challenger", "bystander"};

static const char *tree_name(uint8_t tree) {
    switch (tree) {
    case CRUX_GAME_TRACE: return "trace";
    case CRUX_GAME_OUTPUT: return "output";
    case CRUX_GAME_STEP: return "step";
    case CRUX_GAME_TENSORS: return "tensors";
    case CRUX_GAME_RECORD: return "record";
    case CRUX_GAME_OP: return "pages";
    }
    return "";
}

static const char *target_name(enum crux_target target) {
    switch (target) {
    case CRUX_TARGET_TRACE: return "the trace, from its root";
    case CRUX_TARGET_LEAF: return "a leaf of the trace";
    case CRUX_TARGET_OUTPUT: return "the output";
    case CRUX_TARGET_COUNT: return "the counts";
    case CRUX_TARGET_TOKEN: return "a token of the output";
    case CRUX_TARGET_DONE: return "where the run ends";
    }
    return "nothing";
}

static void say_move(uint32_t number, const struct crux_cli_move *move) {
    const struct crux_cli_style *style = crux_cli_style();
    printf("  %4u %8" PRIu64 " s  %-10s %-9s %7u %8u  %-8s", (unsigned)number, move->time,
           who_names[move->who], crux_move_name(move->kind), (unsigned)move->bytes,
           (unsigned)move->gas, tree_name(move->tree));
    for (uint32_t i = 0; i < move->nodes; i++) {
        if (i == move->pick)
            printf("%sx%s", style->bad, style->off);
        else
            printf("%c", i < move->pick ? '=' : '.');
    }
    if (move->kind == CRUX_MOVE_PROVE) printf("witness of %u bytes", (unsigned)move->witness_bytes);
    if (move->undone) printf(" %staken back%s", style->dim, style->off);
    printf("\n");
}

static void say_moves(const struct crux_cli_play *play) {
    printf("  move      time  who        what        bytes      gas  where   (= as the challenger "
           "has it, x the first that is not)\n");
    for (uint32_t i = 0; i < play->count; i++) {
        if (i == SHOWN_MAX && play->count > SHOWN_MAX + 2) {
            printf("  .. %u more\n", (unsigned)(play->count - SHOWN_MAX - 2));
            i = play->count - 2;
        }
        say_move(i, &play->moves[i]);
    }
}

static void say_ledger(const struct crux_cli_play *play) {
    printf("ledger          before      after\n");
    for (unsigned i = 0; i < CRUX_CLI_ACCOUNTS; i++)
        printf("  %-10s %10" PRIu64 " %10" PRIu64 "\n", who_names[i], play->before.balance[i],
               play->after.balance[i]);
    printf("  %-10s %10" PRIu64 " %10" PRIu64 "\n", "burned", play->before.burned,
           play->after.burned);
    printf("  %-10s %10" PRIu64 " %10" PRIu64 "\n", "held",
           play->before.bonds + play->before.stakes, play->after.bonds + play->after.stakes);
}

static void say_chain(const struct crux_cli_play *play) {
    const struct crux_cli_style *style = crux_cli_style();
    const struct crux_cli_network_figures *n = &play->network;
    const struct crux_cli_cover *cover = &play->cover;
    if (!crux_cli_conditions_any(&play->conditions)) return;
    printf("%schain%s      %" PRIu64 " moves sent, %" PRIu64 " of them again; %" PRIu64
           " late, %" PRIu64 " lost, %" PRIu64 " twice, %" PRIu64 " overtaken, %" PRIu64
           " censored; %" PRIu64 " reorganisations took back %" PRIu64 "; %" PRIu64
           " refused, %" PRIu64 " made already\n",
           style->bold, style->off, n->sent, n->sent_again, n->delayed, n->dropped, n->repeated,
           n->reordered, n->censored, n->reorgs, n->undone, n->refused, n->no_ops);
    printf("           at worst a side needs %" PRIu64 " s here (%u moves of %" PRIu64
           " s each, and what is censored or replaced); its clock holds %" PRIu64 " s%s\n",
           cover->needed_seconds, (unsigned)cover->moves, cover->inclusion_seconds,
           cover->clock_seconds, cover->holds ? "" : ": too little, the honest side may lose");
}

static void say(const struct crux_cli_simulation *s) {
    const struct crux_cli_style *style = crux_cli_style();
    const struct crux_cli_play *play = &s->play;
    char fault[FAULT_TEXT];
    crux_cli_fault_say(fault, sizeof fault, &s->fault, crux_cli_simulate_program(&s->model));
    printf("%sanswer%s     %.*s\n", style->bold, style->off, (int)s->answer.len, s->answer.bytes);
    printf("%sfault%s      %s\n", style->bold, style->off, fault);
    printf("%sdispute%s    %s\n", style->bold, style->off,
           play->target != 0     ? target_name(play->target)
           : play->disputes != 0 ? "of a true claim"
                                 : "nobody has reason to");
    say_moves(play);
    if (play->has_element)
        printf("%selement%s    position %u, layer %u, op %u, index %" PRIu64 "\n", style->bold,
               style->off, (unsigned)play->element.pos, (unsigned)play->element.layer,
               (unsigned)play->element.op, play->element.index);
    if (s->judged)
        printf("           claimed %" PRId64 ", the law says %" PRId64 ": %s\n", s->claimed,
               s->lawful, s->finding == CRUX_CONSISTENT ? "consistent" : "inconsistent");
    say_chain(play);
    say_ledger(play);
    printf("%sverdict%s    %s%s%s: the claim %s; %u moves in the dispute, %" PRIu64
           " bytes, about %" PRIu64 " gas; executor %.2f s, challenger %.2f s\n",
           style->bold, style->off, play->fell ? style->bad : style->good,
           crux_cli_simulation_winner(s), style->off,
           play->fell    ? "has fallen"
           : play->final ? "is final"
                         : "is pending",
           (unsigned)play->transactions, play->bytes, play->gas, s->seconds_executor,
           s->seconds_challenger);
}

/* ---- JSON ---- */

static json_t *describe_ledger(const struct crux_cli_ledger *ledger) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "executor", (json_int_t)ledger->balance[0],
                     "challenger", (json_int_t)ledger->balance[1], "bystander",
                     (json_int_t)ledger->balance[2], "bonds", (json_int_t)ledger->bonds, "stakes",
                     (json_int_t)ledger->stakes, "burned", (json_int_t)ledger->burned);
}

static json_t *describe_moves(const struct crux_cli_play *play) {
    json_t *list = json_array();
    for (uint32_t i = 0; list != NULL && i < play->count; i++) {
        const struct crux_cli_move *move = &play->moves[i];
        (void)json_array_append_new(
            list, json_pack("{s:I, s:s, s:s, s:I, s:I, s:s, s:b}", "time", (json_int_t)move->time,
                            "who", who_names[move->who], "move", crux_move_name(move->kind),
                            "bytes", (json_int_t)move->bytes, "gas_estimate", (json_int_t)move->gas,
                            "tree", tree_name(move->tree), "undone", (int)move->undone));
    }
    return list;
}

json_t *crux_cli_simulate_describe_chain(const struct crux_cli_network_figures *n) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "sent",
                     (json_int_t)n->sent, "sent_again", (json_int_t)n->sent_again, "delayed",
                     (json_int_t)n->delayed, "dropped", (json_int_t)n->dropped, "repeated",
                     (json_int_t)n->repeated, "reordered", (json_int_t)n->reordered, "censored",
                     (json_int_t)n->censored, "reorganisations", (json_int_t)n->reorgs, "undone",
                     (json_int_t)n->undone, "refused", (json_int_t)n->refused, "repetitions",
                     (json_int_t)n->no_ops);
}

json_t *crux_cli_simulate_describe_cover(const struct crux_cli_cover *cover) {
    return json_pack("{s:b, s:I, s:I, s:I, s:I}", "holds", (int)cover->holds, "needed_seconds",
                     (json_int_t)cover->needed_seconds, "clock_seconds",
                     (json_int_t)cover->clock_seconds, "moves", (json_int_t)cover->moves,
                     "inclusion_seconds", (json_int_t)cover->inclusion_seconds);
}

/* NULL: nothing was proven. */
static json_t *describe_element(const struct crux_cli_simulation *s) {
    const struct crux_element_id *id = &s->play.element;
    if (!s->judged) return NULL;
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "position", (json_int_t)id->pos,
                     "layer", (json_int_t)id->layer, "op", (json_int_t)id->op, "index",
                     (json_int_t)id->index, "claimed", (json_int_t)s->claimed, "lawful",
                     (json_int_t)s->lawful, "finding",
                     s->finding == CRUX_CONSISTENT ? "consistent" : "inconsistent");
}

/* NULL: the fault is no false element. */
static json_t *describe_lie(const struct crux_cli_simulation *s) {
    const struct crux_cli_lie *lie = &s->fault.lie;
    const struct crux_program *program = crux_cli_simulate_program(&s->model);
    if (s->fault.kind != CRUX_CLI_FAULT_OP && s->fault.kind != CRUX_CLI_FAULT_SAMPLING) return NULL;
    const struct crux_labelled_op *op = &program->ops[program->layers[lie->layer].first + lie->op];
    return json_pack("{s:I, s:I, s:I, s:s, s:s, s:I, s:I, s:I}", "position", (json_int_t)lie->pos,
                     "layer", (json_int_t)lie->layer, "op", (json_int_t)lie->op, "name",
                     crux_opcode_name(op->op.code), "label", op->label, "element",
                     (json_int_t)lie->element, "honest", (json_int_t)lie->honest, "value",
                     (json_int_t)lie->value);
}

static json_t *describe_claim(const struct crux_claim *claim) {
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I}", "model_root", crux_json_of_bytes(claim->model_root, 32),
        "request_hash", crux_json_of_bytes(claim->request_hash, 32), "trace_root",
        crux_json_of_bytes(claim->trace_root, 32), "output_root",
        crux_json_of_bytes(claim->output_root, 32), "request_tokens",
        (json_int_t)claim->request_tokens, "chosen_tokens", (json_int_t)claim->chosen_tokens);
}

static json_t *describe_game(const struct crux_cli_simulation *s) {
    const struct crux_cli_play *play = &s->play;
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:o, s:o}", "disputes",
        (json_int_t)play->disputes, "transactions", (json_int_t)play->transactions, "rounds",
        (json_int_t)play->rounds, "bytes", (json_int_t)play->bytes, "witness_bytes",
        (json_int_t)play->witness_bytes, "gas_estimate", (json_int_t)play->gas, "seconds_executor",
        s->seconds_executor, "seconds_challenger", s->seconds_challenger, "clocks",
        crux_cli_simulate_describe_cover(&play->cover), "chain",
        crux_cli_simulate_describe_chain(&play->network), "before", describe_ledger(&play->before),
        "after", describe_ledger(&play->after), "moves", describe_moves(play));
}

static json_t *describe(const struct crux_cli_simulation *s) {
    const struct crux_cli_play *play = &s->play;
    char fault[FAULT_TEXT];
    crux_cli_fault_say(fault, sizeof fault, &s->fault, crux_cli_simulate_program(&s->model));
    json_t *object = json_pack(
        "{s:s, s:b, s:b, s:b, s:I, s:s, s:s, s:s, s:s#, s:o, s:o?, s:o?}", "winner",
        crux_cli_simulation_winner(s), "honest_won", (int)crux_cli_simulation_just(s), "final",
        (int)play->final, "fallen", (int)play->fell, "seed", (json_int_t)s->seed, "fault",
        crux_cli_fault_name(s->fault.kind), "place", fault, "dispute", target_name(play->target),
        "answer", s->answer.bytes == NULL ? "" : s->answer.bytes, (int)s->answer.len, "claim",
        describe_claim(crux_archive_claim(play->executor)), "lie", describe_lie(s), "element",
        describe_element(s));
    json_t *game = describe_game(s);
    if (object != NULL && game != NULL && json_object_update(object, game) == 0) {
        json_decref(game);
        return object;
    }
    json_decref(game);
    json_decref(object);
    return NULL;
}

enum crux_cli_exit crux_cli_simulate_say(const struct crux_cli_call *call,
                                         const struct crux_cli_simulation *s) {
    if (call->json) return crux_cli_answer(call, describe(s));
    say(s);
    return CRUX_CLI_OK;
}
