#include "executor/service/claims/allowance.h"

#include <string.h>

#include "kernels/kernels.h"

void crux_allowance_init(struct crux_allowance *allowance, double rate,
                         const uint8_t key[CRUX_ALLOWANCE_KEY_BYTES]) {
    memset(allowance, 0, sizeof *allowance);
    allowance->rate = rate;
    memcpy(allowance->key, key, sizeof allowance->key);
}

/* Askers are chosen by whoever asks; all of them have the same length, so that a key before them is enough. */
static struct crux_allowance_place *group_of(struct crux_allowance *allowance,
                                             const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES]) {
    uint8_t both[CRUX_ALLOWANCE_KEY_BYTES + CRUX_ALLOWANCE_ASKER_BYTES], hash[32];
    memcpy(both, allowance->key, sizeof allowance->key);
    memcpy(both + sizeof allowance->key, asker, CRUX_ALLOWANCE_ASKER_BYTES);
    crux_sha256(hash, both, sizeof both);
    return allowance->place[crux_load_u32(hash) % CRUX_ALLOWANCE_GROUPS];
}

/* Returns: what it has left now. */
static double left_of(const struct crux_allowance *allowance,
                      const struct crux_allowance_place *place, double now) {
    double most = allowance->rate * CRUX_ALLOWANCE_SECONDS;
    if (!place->is_taken) return most;
    double left = place->left + (now - place->at) * allowance->rate;
    return left < most ? left : most;
}

/* Out: where it is, or whoever has most left, who loses least by being forgotten.  Returns: whether it is the asker's. */
static bool find(struct crux_allowance *allowance, struct crux_allowance_place **place,
                 const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], double now) {
    struct crux_allowance_place *group = group_of(allowance, asker);
    *place = group;
    for (unsigned i = 0; i < CRUX_ALLOWANCE_PLACES; i++) {
        if (group[i].is_taken && memcmp(group[i].asker, asker, sizeof group[i].asker) == 0) {
            *place = &group[i];
            return true;
        }
        if (left_of(allowance, &group[i], now) > left_of(allowance, *place, now))
            *place = &group[i];
    }
    return false;
}

double crux_allowance_wait(struct crux_allowance *allowance,
                           const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], double now) {
    struct crux_allowance_place *place;
    if (allowance->rate <= 0 || !find(allowance, &place, asker, now)) return 0;
    double left = left_of(allowance, place, now);
    return left > 0 ? 0 : (1 - left) / allowance->rate;
}

void crux_allowance_take(struct crux_allowance *allowance,
                         const uint8_t asker[CRUX_ALLOWANCE_ASKER_BYTES], uint64_t bytes,
                         double now) {
    struct crux_allowance_place *place;
    if (allowance->rate <= 0) return;
    if (!find(allowance, &place, asker, now)) place->is_taken = false;
    place->left = left_of(allowance, place, now) - (double)bytes;
    place->at = now;
    place->is_taken = true;
    memcpy(place->asker, asker, sizeof place->asker);
}
