/* The words of the text form. */
#include "kernels/program/program_text.h"

static const char *const codes[] = {
    [CRUX_LOAD] = "load",     [CRUX_STORE] = "store", [CRUX_CONTRACT] = "contract",
    [CRUX_REDUCE] = "reduce", [CRUX_MAP] = "map",     [CRUX_LUT] = "lut",
    [CRUX_DIV] = "div",       [CRUX_SQRT] = "sqrt",   [CRUX_RAND] = "rand",
    [CRUX_FIND] = "find"};
static const char *const reduces[] = {
    [CRUX_REDUCE_MAX] = "max",       [CRUX_REDUCE_MIN] = "min", [CRUX_REDUCE_ABSMAX] = "absmax",
    [CRUX_REDUCE_ARGMAX] = "argmax", [CRUX_REDUCE_SUM] = "sum", [CRUX_REDUCE_COUNT] = "count"};
static const char *const maps[] = {
    [CRUX_MAP_REQUANT] = "requant", [CRUX_MAP_DYNEXP] = "dynexp", [CRUX_MAP_SELECT] = "select",
    [CRUX_MAP_COMPARE] = "compare", [CRUX_MAP_MIN] = "min",       [CRUX_MAP_MAX] = "max",
    [CRUX_MAP_BITLEN] = "bitlen"};
static const char *const cmps[] = {
    [CRUX_CMP_EQ] = "==", [CRUX_CMP_NE] = "!=", [CRUX_CMP_LT] = "<",
    [CRUX_CMP_LE] = "<=", [CRUX_CMP_GT] = ">",  [CRUX_CMP_GE] = ">="};
static const char *const widths[] = {NULL, "q4", "q8", "q16"};

#define WORD(table, i) ((i) < CRUX_ARRAY_LEN(table) ? (table)[i] : NULL)

const char *crux_opcode_name(unsigned code) {
    return WORD(codes, code);
}

const char *crux_function_name(unsigned code, unsigned func) {
    if (code == CRUX_REDUCE) return WORD(reduces, func);
    return code == CRUX_MAP ? WORD(maps, func) : NULL;
}

const char *crux_cmp_name(unsigned cmp) {
    return WORD(cmps, cmp);
}
const char *crux_tile_width_name(unsigned width) {
    return WORD(widths, width);
}
