/* The only way into kernels/ from another folder. */
#ifndef CRUX_KERNELS_KERNELS_H
#define CRUX_KERNELS_KERNELS_H

#include "kernels/backends/backend.h"
#include "kernels/base/bytes.h"
#include "kernels/base/macros.h"
#include "kernels/base/sha256.h"
#include "kernels/base/status.h"
#include "kernels/certificate/certificate.h"
#include "kernels/fused/decoder/decoder.h"
#include "kernels/fused/sample/sample.h"
#include "kernels/interpreter/generate.h"
#include "kernels/interpreter/interpreter.h"
#include "kernels/interpreter/run.h"
#include "kernels/lowering/fixed.h"
#include "kernels/lowering/tables.h"
#include "kernels/ops/arith.h"
#include "kernels/ops/dim.h"
#include "kernels/ops/dtype.h"
#include "kernels/ops/eval.h"
#include "kernels/ops/op.h"
#include "kernels/program/layout.h"
#include "kernels/program/program.h"
#include "kernels/program/program_text.h"

#endif
