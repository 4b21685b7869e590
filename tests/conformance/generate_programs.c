/* Program files: a small valid program, and one refused for each rule that no op shows alone.
 *
 *   layer 0 "in"    always      token -> row of a table -> h [4], and a cache over all positions
 *   layer 1 "head"  from_last   h of this position -> the number of its greatest element: the token */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/lowering/builder.h"
#include "kernels/program/program_text.h"
#include "tests/conformance/vector_file.h"

enum { VOCAB = 4, CONTEXT = 8, HEADER_AT = 24, TENSOR_AT = 56, LAYER_AT = 184, OP_AT = 216 };

/* Numbers of ops among all of the program. */
enum { TOK, EMB, KEYS, SUM, STORE_H, Y, BEST, STORE_TOKEN, OPS };

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "generate: programs: %s\n", what);
    exit(1);
}

static void build(struct crux_program *program) {
    struct crux_builder b;
    struct crux_type i16 = crux_type_of(CRUX_I16, -100, 100);
    struct crux_dim positions = crux_dim_positions(CONTEXT);
    *program = (struct crux_program){0};
    crux_builder_init(&b, program, CONTEXT, VOCAB);
    struct crux_value table = crux_builder_tensor(&b, "table", 0, i16, CRUX_GRID(VOCAB, 4));
    crux_builder_begin_layer(&b, CRUX_ACTIVE_ALWAYS);
    struct crux_value tok = crux_emit(
        &b, "tok", crux_draft_load(CRUX_ROW(1), crux_operand_token(crux_ix_pos(), VOCAB)));
    struct crux_value emb = crux_emit(
        &b, "emb",
        crux_draft_with_x(crux_draft_load(CRUX_ROW(4), CRUX_READ(table, crux_ix_x(), crux_ix_o(0))),
                          CRUX_READ(tok, crux_ix_c(0))));
    struct crux_record h = crux_builder_store(&b, "h", emb);
    struct crux_value keys =
        crux_emit(&b, "keys",
                  crux_draft_load(CRUX_SHAPE(positions, crux_dim_constant(4)),
                                  CRUX_READ_CACHE(h, crux_ix_o(0), crux_ix_o(1))));
    (void)crux_emit(&b, "sum",
                    crux_draft_contract(crux_type_full(CRUX_I32), CRUX_ROW(4),
                                        CRUX_SHAPE(positions),
                                        CRUX_ARGS(CRUX_READ(keys, crux_ix_k(0), crux_ix_o(0)))));
    crux_builder_end_layer(&b);
    crux_builder_begin_layer(&b, CRUX_ACTIVE_FROM_LAST);
    struct crux_value y = crux_emit_load_record(&b, "y", h);
    struct crux_value best =
        crux_emit(&b, "best",
                  crux_draft_reduce(crux_type_of(CRUX_I32, 0, VOCAB - 1), CRUX_ROW(1), CRUX_ROW(4),
                                    CRUX_REDUCE_ARGMAX, CRUX_ARGS(CRUX_READ(y, crux_ix_k(0)))));
    struct crux_record token = crux_builder_store(&b, "token", best);
    crux_builder_end_layer(&b);
    must(crux_builder_finish(&b, token) == CRUX_OK, "builder");
    must(program->op_count == OPS, "another number of ops");
}

static enum crux_status judge(const uint8_t *bytes, size_t len) {
    struct crux_program program = {0};
    struct crux_refusal refusal;
    enum crux_status status = crux_program_decode(&program, bytes, len, &refusal);
    if (status == CRUX_OK) status = crux_program_check(&program, &refusal);
    crux_program_free(&program);
    return status;
}

static void set_text(json_t *vector, const uint8_t *bytes, size_t len) {
    struct crux_program program = {0};
    struct crux_refusal refusal;
    char *text;
    must(crux_program_decode(&program, bytes, len, &refusal) == CRUX_OK, "decode");
    must(crux_program_show(&text, &len, &program) == CRUX_OK, "show");
    crux_vector_set(vector, "text", json_string(text));
    free(text);
    crux_program_free(&program);
}

static void write_bytes(struct crux_vector_file *file, const char *reason, const uint8_t *bytes,
                        size_t len, enum crux_status want) {
    enum crux_status found = judge(bytes, len);
    json_t *vector = crux_vector_add(file, "program", reason);
    if (found != want)
        fprintf(stderr, "generate: program_case_%s gives %s\n", reason, crux_status_name(found));
    must(found == want, "another error than expected");
    crux_vector_set_hex(vector, "bytes", bytes, len);
    if (want != CRUX_OK)
        crux_vector_set_error(vector, want);
    else
        set_text(vector, bytes, len);
}

/* ---- changes of the program ---- */

static void put_tensor(struct crux_writer *w, const struct crux_model_tensor *t) {
    crux_put_bytes(w, t->name, CRUX_NAME_BYTES);
    crux_put_u8(w, t->dtype);
    crux_put_u8(w, t->layout);
    crux_put_u8(w, t->ndim);
    crux_put_u8(w, 0);
    for (unsigned i = 0; i < CRUX_DIMS_MAX; i++) crux_put_u32(w, t->dim[i]);
    crux_put_i64(w, t->lo);
    crux_put_i64(w, t->hi);
    crux_put_bytes(w, t->root, CRUX_HASH_BYTES);
    crux_put_u32(w, 0);
}

/* The file of any program whose ops are valid one by one: the encoder itself refuses to write the others. */
static void write_program(struct crux_vector_file *file, const char *reason,
                          const struct crux_program *program, enum crux_status want) {
    uint8_t bytes[4096], block[CRUX_DESCRIPTOR_BYTES];
    struct crux_writer w;
    size_t used;
    crux_writer_init(&w, bytes, sizeof bytes);
    crux_put_bytes(&w, "CRUXPROG", 8);
    crux_put_u32(&w, 1);
    crux_put_u32(&w, program->tensor_count);
    crux_put_u32(&w, program->op_count);
    crux_put_u32(&w, 0);
    must(crux_header_encode(block, &program->header) == CRUX_OK, reason);
    crux_put_bytes(&w, block, CRUX_HEADER_BYTES);
    for (uint32_t i = 0; i < program->tensor_count; i++) put_tensor(&w, &program->tensors[i]);
    for (uint32_t i = 0; i < program->header.layers; i++) {
        must(crux_layer_encode(block, &program->layers[i]) == CRUX_OK, reason);
        crux_put_bytes(&w, block, CRUX_LAYER_BYTES);
    }
    for (uint32_t i = 0; i < program->op_count; i++) {
        must(crux_descriptor_encode(block, &used, &program->ops[i].op) == CRUX_OK, reason);
        crux_put_bytes(&w, block, CRUX_DESCRIPTOR_BYTES);
        crux_put_bytes(&w, program->ops[i].label, CRUX_LABEL_BYTES);
    }
    crux_sha256(block, bytes, w.at);
    crux_put_bytes(&w, block, 32);
    must(w.status == CRUX_OK, reason);
    write_bytes(file, reason, bytes, w.at, want);
}

#define CHANGE(reason, status, ...)                                                                \
    do {                                                                                           \
        struct crux_program p;                                                                     \
        build(&p);                                                                                 \
        __VA_ARGS__;                                                                               \
        write_program(file, reason, &p, status);                                                   \
        crux_program_free(&p);                                                                     \
    } while (0)
#define OP(number) (p.ops[number].op)
#define IN(number) (p.ops[number].op.in[0])

static void programs(struct crux_vector_file *file) {
    CHANGE("plain", CRUX_OK, (void)0);
    CHANGE("bound", CRUX_OK, memset(p.tensors[0].root, 7, 32); memset(IN(EMB).root, 7, 32));
    CHANGE("without_labels", CRUX_OK, memset(p.ops[TOK].label, 0, CRUX_LABEL_BYTES));
    CHANGE("half_bound", CRUX_E_BAD_OPERAND, memset(p.tensors[0].root, 7, 32));
    CHANGE("label_with_a_capital", CRUX_E_SYNTAX, p.ops[TOK].label[0] = 'T');
    CHANGE("name_with_a_space", CRUX_E_SYNTAX, p.tensors[0].name[2] = ' ');
    CHANGE("tensor_dimension_of_0", CRUX_E_BAD_DIM, p.tensors[0].dim[0] = 0);
    CHANGE("tensor_of_5_dimensions", CRUX_E_BAD_SHAPE, p.tensors[0].ndim = 5);
    CHANGE("tensor_of_dtype_0", CRUX_E_BAD_DTYPE, p.tensors[0].dtype = 0);
    CHANGE("tensor_of_layout_0x32", CRUX_E_BAD_LAYOUT, p.tensors[0].layout = 0x32;
           p.tensors[0].dtype = CRUX_I32);
    CHANGE("tensor_range_outside_its_dtype", CRUX_E_BAD_RANGE, p.tensors[0].hi = 32768);
    CHANGE("step_operand_of_itself", CRUX_E_FORWARD_REFERENCE, IN(SUM).tensor = SUM);
    CHANGE("step_operand_of_a_later_op", CRUX_E_FORWARD_REFERENCE, OP(EMB).x.tensor = SUM);
    CHANGE("step_operand_of_another_dtype", CRUX_E_BAD_DTYPE, IN(SUM).dtype = CRUX_I8);
    CHANGE("step_operand_of_another_range", CRUX_E_BAD_RANGE, IN(SUM).hi = 99);
    CHANGE("step_view_of_another_length", CRUX_E_BAD_VIEW, IN(BEST).dim[0] = crux_dim_constant(5));
    CHANGE("step_view_that_does_not_grow", CRUX_E_BAD_VIEW,
           IN(SUM).dim[0] = crux_dim_constant(CONTEXT));
    CHANGE("step_view_that_grows_otherwise", CRUX_E_BAD_VIEW, IN(SUM).dim[0].a = 2);
    CHANGE("model_operand_of_a_missing_tensor", CRUX_E_BAD_OPERAND, IN(EMB).tensor = 1);
    CHANGE("model_operand_of_another_root", CRUX_E_BAD_OPERAND, memset(p.tensors[0].root, 7, 32);
           memset(IN(EMB).root, 8, 32));
    CHANGE("model_operand_of_another_layout", CRUX_E_BAD_LAYOUT, p.tensors[0].layout = 2;
           p.tensors[0].dtype = IN(EMB).dtype = CRUX_I32);
    CHANGE("model_view_of_more_elements", CRUX_E_BAD_VIEW, IN(EMB).dim[0] = crux_dim_constant(5));
    CHANGE("load_of_a_later_position", CRUX_E_LATER_STEP, IN(Y).at.coef[0] = 1);
    CHANGE("load_of_the_next_layer_at_this_position", CRUX_E_LATER_STEP, IN(Y).layer = 1;
           IN(Y).flags = CRUX_FLAG_FROM_LAST; IN(Y).dtype = CRUX_I32; IN(Y).lo = 0;
           IN(Y).hi = VOCAB - 1; IN(Y).dim[0] = crux_dim_constant(1);
           IN(Y).index[0] = crux_ix_c(0));
    CHANGE("load_of_this_step_without_self", CRUX_E_LATER_STEP, IN(KEYS).self = CRUX_SELF_NONE);
    CHANGE("load_beyond_this_position_by_its_index", CRUX_E_LATER_STEP, IN(KEYS).at.coef[0] = 1);
    CHANGE("load_of_a_missing_layer", CRUX_E_BAD_OPERAND, IN(Y).layer = 2);
    CHANGE("load_of_a_missing_store", CRUX_E_BAD_OPERAND, IN(Y).tensor = 1; IN(Y).stores = 2);
    CHANGE("load_of_another_store_count", CRUX_E_BAD_OPERAND, IN(Y).stores = 2);
    CHANGE("load_of_another_activity", CRUX_E_BAD_OPERAND, IN(Y).flags = CRUX_FLAG_FROM_LAST);
    CHANGE("load_of_another_dtype", CRUX_E_BAD_DTYPE, IN(Y).dtype = CRUX_I32);
    CHANGE("record_view_of_another_last_dimension", CRUX_E_BAD_VIEW,
           IN(KEYS).dim[0] = crux_dim_constant(2));
    CHANGE("self_of_a_later_op", CRUX_E_FORWARD_REFERENCE, IN(KEYS).self = SUM);
    CHANGE("self_that_is_not_stored", CRUX_E_BAD_OPERAND, IN(KEYS).self = TOK);
    CHANGE("self_in_another_layer", CRUX_E_BAD_OPERAND, IN(Y).self = 0; IN(Y).at.coef[0] = -1;
           OP(Y) = OP(Y); IN(BEST).tensor = 0);
    CHANGE("self_stored_in_another_order", CRUX_E_BAD_OPERAND,
           IN(STORE_H).index[0] = crux_ix_sub(crux_ix_c(3), crux_ix_o(0)));
    CHANGE("token_of_another_layer", CRUX_E_BAD_TOKEN_SOURCE, IN(TOK).layer = 0);
    CHANGE("token_of_another_activity", CRUX_E_BAD_TOKEN_SOURCE, IN(TOK).flags = 0);
    CHANGE("token_of_another_vocabulary", CRUX_E_BAD_RANGE, IN(TOK).hi = VOCAB);
    CHANGE("token_store_of_another_range", CRUX_E_BAD_TOKEN_SOURCE, OP(STORE_TOKEN).hi = VOCAB);
    CHANGE("token_store_of_another_dtype", CRUX_E_BAD_TOKEN_SOURCE,
           OP(STORE_TOKEN).dtype = CRUX_I64);
    CHANGE("token_store_of_two_elements", CRUX_E_BAD_TOKEN_SOURCE,
           OP(STORE_TOKEN).dim[0] = crux_dim_constant(2));
    CHANGE("token_store_beyond_the_stores", CRUX_E_BAD_TOKEN_SOURCE, p.header.token_store = 1;
           IN(TOK).tensor = 1; IN(TOK).stores = 2);
    CHANGE("dimensions_that_grow_with_pos_and_with_n", CRUX_E_BAD_DIM,
           OP(BEST).kdim[0] = ((struct crux_dim){0, 0, 1, 1, 4}));
    CHANGE("last_op_that_is_no_store", CRUX_E_BAD_STORE, OP(STORE_TOKEN).code = CRUX_LOAD);
    CHANGE("store_before_the_last_ops", CRUX_E_BAD_STORE, OP(KEYS) = OP(STORE_H));
    CHANGE("op_of_2_40_elements", CRUX_OK, OP(SUM).ndim = 3;
           OP(SUM).dim[1] = crux_dim_constant(1 << 19);
           OP(SUM).dim[2] = crux_dim_constant(1 << 19));
    CHANGE("op_of_more_than_2_40_elements", CRUX_E_TOO_MANY_ELEMENTS, OP(SUM).ndim = 3;
           OP(SUM).dim[1] = crux_dim_constant(1 << 19);
           OP(SUM).dim[2] = crux_dim_constant((1 << 19) + 1));
}

/* ---- changes of the file ---- */

#define PATCH(reason, status, change_length, ...)                                                  \
    do {                                                                                           \
        uint8_t bytes[4096];                                                                       \
        memcpy(bytes, honest, len);                                                                \
        __VA_ARGS__;                                                                               \
        crux_sha256(bytes + len - 32, bytes, len - 32);                                            \
        write_bytes(file, reason, bytes, (size_t)((long)len + (change_length)), status);           \
    } while (0)

static void files(struct crux_vector_file *file) {
    struct crux_program program;
    uint8_t *honest;
    size_t len;
    build(&program);
    must(crux_program_encode(&honest, &len, &program) == CRUX_OK && len < 4000, "encode");
    PATCH("wrong_magic", CRUX_E_BAD_MAGIC, 0, bytes[0] = 'c');
    PATCH("version_2", CRUX_E_BAD_VERSION, 0, bytes[8] = 2);
    PATCH("prefix_padding", CRUX_E_NON_CANONICAL, 0, bytes[20] = 1);
    PATCH("op_set_2", CRUX_E_BAD_VERSION, 0, bytes[HEADER_AT] = 2);
    PATCH("one_tensor_more_than_there_are", CRUX_E_TRUNCATED, 0, bytes[12] = 2);
    PATCH("2_32_less_1_tensors", CRUX_E_TOO_MANY_TENSORS, 0, memset(bytes + 12, 255, 4));
    PATCH("one_op_more_than_there_are", CRUX_E_TRUNCATED, 0, bytes[16] += 1);
    PATCH("one_op_less_than_there_are", CRUX_E_TRAILING_BYTES, 0, bytes[16] -= 1);
    PATCH("layer_of_one_op_more", CRUX_E_BAD_STORE, 0, bytes[LAYER_AT] += 1);
    PATCH("tensor_entry_padding", CRUX_E_NON_CANONICAL, 0, bytes[TENSOR_AT + 127] = 1);
    PATCH("tensor_name_padding", CRUX_E_SYNTAX, 0, bytes[TENSOR_AT + 55] = 0;
          bytes[TENSOR_AT + 50] = 'x');
    PATCH("tensor_unused_dimension", CRUX_E_BAD_DIM, 0, bytes[TENSOR_AT + 60 + 12] = 1);
    PATCH("descriptor_with_trailing_bytes", CRUX_E_TRAILING_BYTES, 0, bytes[OP_AT + 255] = 1);
    PATCH("descriptor_of_code_0", CRUX_E_BAD_OP, 0, bytes[OP_AT] = 0);
    PATCH("label_padding", CRUX_E_NON_CANONICAL, 0, bytes[OP_AT + 256 + 10] = 'x');
    PATCH("empty", CRUX_E_TRUNCATED, -(long)len, (void)0);
    PATCH("only_the_magic", CRUX_E_TRUNCATED, 8 - (long)len, (void)0);
    PATCH("one_byte_short", CRUX_E_TRUNCATED, -1, (void)0);
    PATCH("trailing_byte", CRUX_E_TRAILING_BYTES, 1, bytes[len] = 0);
    honest[len - 1] ^= 1;
    write_bytes(file, "checksum_changed", honest, len, CRUX_E_CHECKSUM_MISMATCH);
    honest[len - 1] ^= 1;
    honest[OP_AT + 256] ^= 1;
    write_bytes(file, "changed_under_its_checksum", honest, len, CRUX_E_CHECKSUM_MISMATCH);
    free(honest);
    crux_program_free(&program);
}

void crux_generate_programs(const char *folder) {
    struct crux_vector_file file;
    crux_vector_file_begin(&file, "programs");
    programs(&file);
    files(&file);
    crux_vector_file_end(&file, folder);
}
