/* The functions between a feed-forward's matrices, in doubles. */
#ifndef CRUX_EXECUTOR_EVALUATE_FLOAT_ACTIVATION_H
#define CRUX_EXECUTOR_EVALUATE_FLOAT_ACTIVATION_H

#include <math.h>

#include "executor/evaluate/float_model.h"

static inline double crux_float_activate(enum crux_float_activation activation, double g) {
    switch (activation) {
    case CRUX_FLOAT_SILU: return g / (1 + exp(-g));
    case CRUX_FLOAT_GELU_TANH:
        return 0.5 * g * (1 + tanh(0.79788456080286535588 * g * (1 + 0.044715 * g * g)));
    }
    CRUX_ASSERT(false);
    return 0;
}

#endif
