/* The float reference with the weights of a .crux file: what the arithmetic costs, apart from what import cost. */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_STORED_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_STORED_H

#include "executor/engine/engine.h"
#include "executor/evaluate/float_model.h"

/* Out: model, to be freed with crux_float_model_free, on failure too; message, on failure.
 * In: file, which must outlive it.  Returns: CRUX_E_UNSUPPORTED for what the float reference lacks,
 *          CRUX_E_UNKNOWN_NAME for a tensor that is not there, CRUX_E_BAD_LAYOUT, CRUX_E_OUT_OF_MEMORY. */
CRUX_MUST_CHECK
enum crux_status crux_float_model_stored(struct crux_float_model *model,
                                         const struct crux_model_file *file,
                                         struct crux_import_message *message);

#endif
