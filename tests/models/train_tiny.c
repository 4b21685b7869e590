/* train_tiny OUT.gguf STEPS TEXT...: trains the tiny model on texts, and says how well it then knows them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/models/tiny_file.h"
#include "tests/support/random.h"

enum { BATCH = 4, TEXT_BYTES_MAX = 1 << 20, STEPS_MAX = 100000, SEED = 7 };

static size_t read_texts(uint8_t *text, char *const *paths, int count) {
    size_t len = 0;
    for (int i = 0; i < count; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (file == NULL) {
            (void)fprintf(stderr, "train_tiny: %s: %s\n", paths[i], strerror(errno));
            exit(1);
        }
        len += fread(text + len, 1, TEXT_BYTES_MAX - len, file);
        (void)fclose(file);
    }
    return len;
}

/* About normal, with deviation 1. */
static float draw(struct crux_random *random) {
    double sum = 0;
    for (int i = 0; i < 12; i++) sum += ldexp((double)(crux_random_next(random) >> 11), -53);
    return (float)(sum - 6);
}

static void fill(float *w, struct net_place place, struct crux_random *random) {
    float size = place.rows == 1 ? 0 : 1 / sqrtf((float)place.inputs);
    for (size_t i = 0; i < place.rows * place.inputs; i++)
        w[place.at + i] = place.rows == 1 ? 1 : 0.7F * size * draw(random);
}

static void start(float *w, struct crux_random *random) {
    fill(w, net_embed(), random);
    fill(w, net_out_norm(), random);
    for (unsigned b = 0; b < NET_BLOCKS; b++) {
        for (unsigned p = 0; p < NET_PARTS; p++) fill(w, net_block(b, (enum net_part)p), random);
    }
}

/* Adam, with a step that warms up over a twentieth and then falls to nothing. */
static void improve(float *w, float *gradient, float *first, float *second, int step, int steps) {
    const float b1 = 0.9F, b2 = 0.98F, t = (float)(step + 1);
    float rate = 4e-3F * (float)(steps - step) / (float)steps, warm = 20 * t / (float)steps;
    rate *= warm < 1 ? warm : 1;
    for (size_t i = 0; i < net_parameters(); i++) {
        float g = gradient[i] / BATCH;
        first[i] = b1 * first[i] + (1 - b1) * g;
        second[i] = b2 * second[i] + (1 - b2) * g * g;
        w[i] -=
            rate * (first[i] / (1 - powf(b1, t))) / (sqrtf(second[i] / (1 - powf(b2, t))) + 1e-8F);
        gradient[i] = 0;
    }
}

static void save(const char *path, const struct byte_pairs *pairs, const float *w) {
    size_t len;
    uint8_t *bytes = tiny_file(&len, pairs, w);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) {
        (void)fprintf(stderr, "train_tiny: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    free(bytes);
}

int main(int argc, char **argv) {
    static uint8_t text[TEXT_BYTES_MAX];
    static uint32_t ids[TEXT_BYTES_MAX];
    static struct byte_pairs pairs;
    struct crux_random random = {SEED};
    char *end = NULL;
    long steps = argc > 3 ? strtol(argv[2], &end, 10) : 0;
    if (argc < 4 || *end != '\0' || steps < 1 || steps > STEPS_MAX) {
        (void)fprintf(stderr, "usage: train_tiny OUT.gguf STEPS TEXT...\n");
        return 2;
    }
    size_t count = byte_pairs_learn(&pairs, ids, text, read_texts(text, argv + 3, argc - 3));
    size_t all = net_parameters();
    if (count < NET_POSITIONS + 2) {
        (void)fprintf(stderr, "train_tiny: too little text\n");
        return 1;
    }
    float *memory = calloc(4 * all, sizeof *memory), recent = 0;
    struct net_memory *net = net_open();
    if (memory == NULL || net == NULL) return 1;
    float *w = memory, *gradient = w + all, *first = gradient + all, *second = first + all;
    start(w, &random);
    for (int step = 0; step < steps; step++) {
        for (int i = 0; i < BATCH; i++) {
            size_t at = crux_random_next(&random) % (count - NET_POSITIONS);
            float loss = net_learn(net, gradient, w, ids + at);
            recent = step == 0 ? loss : 0.98F * recent + 0.02F * loss;
        }
        improve(w, gradient, first, second, step, (int)steps);
    }
    (void)printf("%zu parameters, %zu tokens of text, %ld steps, loss %.3f nats a token\n", all,
                 count, steps, (double)recent);
    save(argv[1], &pairs, w);
    net_close(net);
    free(memory);
    return 0;
}
