#include "cli/simulate_play.h"

/* 32-byte slots that a chain fills for a move: hashes of reveals are kept as one hash. */
static uint32_t slots_of(uint8_t kind) {
    switch ((enum crux_move_kind)kind) {
    case CRUX_MOVE_POST:
    case CRUX_MOVE_SETTLE: return 5;
    case CRUX_MOVE_OPEN: return 6;
    case CRUX_MOVE_REGISTER:
    case CRUX_MOVE_SHOW:
    case CRUX_MOVE_ESCROW: return 3;
    case CRUX_MOVE_EXPAND: return 3;
    case CRUX_MOVE_REVEAL:
    case CRUX_MOVE_PUT:
    case CRUX_MOVE_DEMAND:
    case CRUX_MOVE_PUBLISH:
    case CRUX_MOVE_PLEDGE:
    case CRUX_MOVE_PAYEE: return 1;
    case CRUX_MOVE_CALL: return 4;
    case CRUX_MOVE_PICK:
    case CRUX_MOVE_SIGNED_PICK:
    case CRUX_MOVE_JUMP:
    case CRUX_MOVE_PROVE:
    case CRUX_MOVE_TIMEOUT:
    case CRUX_MOVE_REFUND:
    case CRUX_MOVE_FINALISE:
    case CRUX_MOVE_BIND:
    case CRUX_MOVE_PAY:
    case CRUX_MOVE_DELEGATE:
    case CRUX_MOVE_WITHDRAW:
    case CRUX_MOVE_LEAVE:
    case CRUX_MOVE_RELEASE:
    case CRUX_MOVE_KEEP:
    case CRUX_MOVE_LAPSE:
    case CRUX_MOVE_CONVICT:
    case CRUX_MOVE_COLLECT: break;
    }
    return 0;
}

uint32_t crux_cli_gas_estimate(const uint8_t *bytes, size_t len, uint8_t kind) {
    size_t zeros = 0;
    for (size_t i = 0; i < len; i++) zeros += bytes[i] == 0;
    size_t least = 21000 + 10 * zeros + 40 * (len - zeros);
    size_t usual = 21000 + 4 * zeros + 16 * (len - zeros) + (size_t)22100 * slots_of(kind);
    if (kind == CRUX_MOVE_PROVE) usual += 60 * len;
    return (uint32_t)(usual > least ? usual : least);
}
