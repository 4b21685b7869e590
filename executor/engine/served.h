/* Records as an executor serves them to an auditor of single layers: for each position, for each STORE of the layer in
 * order, u32 length || the tensor's dense elements.   One format, written here and read here.
 *
 *   | 2304 | r of pos 7 ... |  | 384 | k of pos 8 | 3 | k.e | 384 | v | 3 | v.e | 2304 | r |  ...
 *
 * Padding is not served: the law says that it is zero. */
#ifndef CRUX_EXECUTOR_ENGINE_SERVED_H
#define CRUX_EXECUTOR_ENGINE_SERVED_H

#include <stddef.h>
#include <stdint.h>

#include "executor/engine/archive.h"

/* Returns: bytes of one served record of a layer. */
size_t crux_served_bytes(const struct crux_program *program, uint32_t layer);

/* Writes the records of `count` positions from `first` on.
 * Returns: CRUX_E_STEP_OUTSIDE; CRUX_E_STEP_INACTIVE for the head before position P-1; the writer's status. */
CRUX_MUST_CHECK
enum crux_status crux_served_put(struct crux_writer *out, const struct crux_run *run,
                                 uint32_t layer, uint32_t first, uint32_t count);

/* Reads one record.
 * Out: record, each store's elements at its place.
 * In/out: in, failed with CRUX_E_BAD_LAYOUT for a length that is not the store's.
 * In: stores of these layouts, which lie in `record` at these places. */
void crux_served_get(uint8_t *record, struct crux_cursor *in, const struct crux_layout *layouts,
                     const size_t *at, uint32_t stores);

#endif
