/* The only way into bisection/ from another folder. */
#ifndef CRUX_BISECTION_BISECTION_H
#define CRUX_BISECTION_BISECTION_H

#include "bisection/adjudicator/adjudicator.h"
#include "bisection/commitment/claim.h"
#include "bisection/commitment/element.h"
#include "bisection/commitment/model.h"
#include "bisection/commitment/model_tensor.h"
#include "bisection/commitment/nested.h"
#include "bisection/commitment/preimage.h"
#include "bisection/commitment/receipt.h"
#include "bisection/commitment/request.h"
#include "bisection/commitment/step.h"
#include "bisection/commitment/tensor.h"
#include "bisection/commitment/trace.h"
#include "bisection/economics/economics.h"
#include "bisection/game/frontier.h"
#include "bisection/game/game.h"
#include "bisection/game/memory.h"
#include "bisection/game/move.h"
#include "bisection/game/parameters.h"
#include "bisection/game/records.h"
#include "bisection/game/signed.h"
#include "bisection/game/store.h"
#include "bisection/merkle/append.h"
#include "bisection/merkle/proof.h"
#include "bisection/merkle/tree.h"
#include "bisection/solver/provider.h"
#include "bisection/solver/solver.h"
#include "bisection/witness/evidence.h"
#include "bisection/witness/witness.h"

#endif
