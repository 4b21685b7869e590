/* The only way into executor/evaluate/ from another folder. */
#ifndef CRUX_EXECUTOR_EVALUATE_EVALUATE_H
#define CRUX_EXECUTOR_EVALUATE_EVALUATE_H

#include "executor/evaluate/engine_source.h"
#include "executor/evaluate/float_model.h"
#include "executor/evaluate/float_reference.h"
#include "executor/evaluate/float_stored.h"
#include "executor/evaluate/greedy.h"
#include "executor/evaluate/perplexity.h"
#include "executor/evaluate/score.h"

#endif
