/* The rounds over vectors, each lane a 32-bit word of its own message. Before including it, define
 *
 *   VEC, TARGET                      the vector type and the function attribute
 *   ADD XOR XOR3 CHOOSE MAJORITY     exact, lane by lane
 *   ROR SHR SPLAT
 *
 * The same formulas as in sha256_plain.c, a vector for a word, so they are equal lane by lane. */

#define SIGMA_A(x) XOR3(ROR(x, 2), ROR(x, 13), ROR(x, 22))
#define SIGMA_E(x) XOR3(ROR(x, 6), ROR(x, 11), ROR(x, 25))
#define SIGMA_0(x) XOR3(ROR(x, 7), ROR(x, 18), SHR(x, 3))
#define SIGMA_1(x) XOR3(ROR(x, 17), ROR(x, 19), SHR(x, 10))

#define ROUND(a, b, c, d, e, f, g, h, i)                                                           \
    do {                                                                                           \
        VEC t = ADD(ADD(h, ADD(w[i], SPLAT(k[i]))), ADD(SIGMA_E(e), CHOOSE(e, f, g)));             \
        d = ADD(d, t);                                                                             \
        h = ADD(t, ADD(SIGMA_A(a), MAJORITY(a, b, c)));                                            \
    } while (0)

#define EXTEND(i)                                                                                  \
    (w[i] = ADD(ADD(w[i], SIGMA_0(w[((i) + 1) & 15])),                                             \
                ADD(w[((i) + 9) & 15], SIGMA_1(w[((i) + 14) & 15]))))

#define EIGHT(f, i)                                                                                \
    f((i) + 0) f((i) + 1) f((i) + 2) f((i) + 3) f((i) + 4) f((i) + 5) f((i) + 6) f((i) + 7)
#define EXTEND_(i) EXTEND(i);

#define EIGHT_ROUNDS(i)                                                                            \
    do {                                                                                           \
        ROUND(a, b, c, d, e, f, g, h, (i) + 0);                                                    \
        ROUND(h, a, b, c, d, e, f, g, (i) + 1);                                                    \
        ROUND(g, h, a, b, c, d, e, f, (i) + 2);                                                    \
        ROUND(f, g, h, a, b, c, d, e, (i) + 3);                                                    \
        ROUND(e, f, g, h, a, b, c, d, (i) + 4);                                                    \
        ROUND(d, e, f, g, h, a, b, c, (i) + 5);                                                    \
        ROUND(c, d, e, f, g, h, a, b, (i) + 6);                                                    \
        ROUND(b, c, d, e, f, g, h, a, (i) + 7);                                                    \
    } while (0)

/* One block in every lane: w holds its 16 words, transposed, and is used up. */
TARGET CRUX_INLINE void compress(VEC state[8], VEC w[16]) {
    VEC a = state[0], b = state[1], c = state[2], d = state[3];
    VEC e = state[4], f = state[5], g = state[6], h = state[7];
    for (const uint32_t *k = crux_sha256_k;;) {
        EIGHT_ROUNDS(0);
        EIGHT_ROUNDS(8);
        k += 16;
        if (k == crux_sha256_k + 64) break;
        EIGHT(EXTEND_, 0)
        EIGHT(EXTEND_, 8)
    }
    state[0] = ADD(state[0], a);
    state[1] = ADD(state[1], b);
    state[2] = ADD(state[2], c);
    state[3] = ADD(state[3], d);
    state[4] = ADD(state[4], e);
    state[5] = ADD(state[5], f);
    state[6] = ADD(state[6], g);
    state[7] = ADD(state[7], h);
}
