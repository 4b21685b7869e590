/* The only way into executor/engine/ from another folder. */
#ifndef CRUX_EXECUTOR_ENGINE_ENGINE_H
#define CRUX_EXECUTOR_ENGINE_ENGINE_H

#include "executor/engine/archive.h"
#include "executor/engine/archive_provider.h"
#include "executor/engine/audit.h"
#include "executor/engine/asked.h"
#include "executor/engine/committed_model.h"
#include "executor/engine/generate.h"
#include "executor/engine/loaded.h"
#include "executor/engine/model_file.h"
#include "executor/engine/runner.h"
#include "executor/engine/sampling.h"
#include "executor/engine/served.h"
#include "executor/engine/speculate.h"
#include "executor/engine/threads.h"
#include "executor/engine/verify.h"

#endif
