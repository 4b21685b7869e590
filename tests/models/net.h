/* A small decoder of the llama family in floats, with its gradients: only for training test models.
 *
 *   parameters lie in one array, in the order of net_parts; gradients and the optimiser's moments are arrays alike
 */
#ifndef CRUX_TESTS_MODELS_NET_H
#define CRUX_TESTS_MODELS_NET_H

#include <stddef.h>
#include <stdint.h>

enum {
    NET_BLOCKS = 2,
    NET_WIDTH = 64,
    NET_HEADS = 4,
    NET_KV_HEADS = 2,
    NET_HEAD_WIDTH = 16,
    NET_FFN = 192,
    NET_VOCAB = 512,
    NET_CONTEXT = 256, /* of the model */
    NET_POSITIONS = 64 /* of a training sequence */
};

enum net_part { NET_N1, NET_Q, NET_K, NET_V, NET_O, NET_N2, NET_GATE, NET_UP, NET_DOWN, NET_PARTS };

/* Where parameters lie. rows x inputs each, a norm is one row. */
struct net_place {
    size_t at, rows, inputs;
};
struct net_place net_embed(void);
struct net_place net_out_norm(void);
struct net_place net_block(unsigned block, enum net_part part);
size_t net_parameters(void);

struct net_memory; /* activations of one sequence */
struct net_memory *net_open(void);
void net_close(struct net_memory *memory);

/* Returns: the mean loss, nats.  gradient += d loss / d parameters.
 * In: tokens, NET_POSITIONS + 1. */
float net_learn(struct net_memory *memory, float *gradient, const float *parameters,
                const uint32_t *tokens);

#endif
