#!/usr/bin/env python3
"""tiny_gguf.py FILE: a GGUF file of a llama with random weights and a byte-level tokenizer; the same bytes each time."""
import random
import struct
import sys

WIDTH, HEADS, KV, FFN, BLOCKS, CONTEXT = 64, 4, 2, 96, 2, 128
U32, F32, BOOL, STRING, ARRAY, I32 = 4, 6, 7, 8, 9, 5
Q8_0 = 8


def letters():
    """The letters that stand for bytes in vocabularies of this kind."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [b for b in range(256) if b not in kept]
    return {b: chr(b) for b in kept} | {b: chr(256 + i) for i, b in enumerate(moved)}


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, value):
    return text(key) + struct.pack("<I", kind) + value


def texts(values):
    return struct.pack("<IQ", STRING, len(values)) + b"".join(map(text, values))


def q8_0(rng, rows, inputs):
    out = []
    for _ in range(rows * inputs // 32):
        scale = rng.uniform(0.5, 2) * 1.5 / inputs ** 0.5 / 127
        out.append(struct.pack("<e32b", scale, *(rng.randint(-127, 127) for _ in range(32))))
    return b"".join(out)


def main(path):
    rng = random.Random(5)
    merges = [("t", "h"), ("th", "e"), ("i", "n"), ("Ġ", "the"), ("a", "n"), ("o", "n")]
    tokens = [*letters().values(), *("".join(m) for m in merges), "<|endoftext|>"]
    types = [1] * (len(tokens) - 1) + [3]
    end = struct.pack("<I", len(tokens) - 1)
    entries = [
        entry("general.architecture", STRING, text("llama")),
        entry("general.name", STRING, text("tiny")),
        *(entry("llama." + key, U32, struct.pack("<I", value)) for key, value in {
            "block_count": BLOCKS, "context_length": CONTEXT, "embedding_length": WIDTH,
            "feed_forward_length": FFN, "attention.head_count": HEADS,
            "attention.head_count_kv": KV}.items()),
        entry("llama.attention.layer_norm_rms_epsilon", F32, struct.pack("<f", 1e-5)),
        entry("llama.rope.freq_base", F32, struct.pack("<f", 10000)),
        entry("tokenizer.ggml.model", STRING, text("gpt2")),
        entry("tokenizer.ggml.pre", STRING, text("smollm")),
        entry("tokenizer.ggml.tokens", ARRAY, texts(tokens)),
        entry("tokenizer.ggml.token_type", ARRAY, struct.pack(f"<IQ{len(types)}i", I32, len(types), *types)),
        entry("tokenizer.ggml.merges", ARRAY, texts([" ".join(m) for m in merges])),
        entry("tokenizer.ggml.bos_token_id", U32, end),
        entry("tokenizer.ggml.eos_token_id", U32, end),
        entry("tokenizer.ggml.add_bos_token", BOOL, b"\0"),
    ]
    head = WIDTH // HEADS
    shapes = {"token_embd.weight": (len(tokens), WIDTH), "output_norm.weight": (WIDTH,)}
    for b in range(BLOCKS):
        for name, shape in {
                "attn_norm": (WIDTH,), "ffn_norm": (WIDTH,), "attn_q": (WIDTH, WIDTH),
                "attn_k": (KV * head, WIDTH), "attn_v": (KV * head, WIDTH), "attn_output": (WIDTH, WIDTH),
                "ffn_gate": (FFN, WIDTH), "ffn_up": (FFN, WIDTH), "ffn_down": (WIDTH, FFN)}.items():
            shapes[f"blk.{b}.{name}.weight"] = shape
    infos, data = b"", b""
    for name, shape in shapes.items():
        vector = len(shape) == 1
        infos += text(name) + struct.pack("<I", len(shape))
        infos += b"".join(struct.pack("<Q", d) for d in reversed(shape))
        infos += struct.pack("<IQ", 0 if vector else Q8_0, len(data))
        data += struct.pack(f"<{WIDTH}f", *(rng.uniform(0.5, 1.5) for _ in range(WIDTH))) if vector \
            else q8_0(rng, *shape)
        data += bytes(-len(data) % 32)
    start = b"GGUF" + struct.pack("<IQQ", 3, len(shapes), len(entries)) + b"".join(entries) + infos
    with open(path, "wb") as out:
        out.write(start + bytes(-len(start) % 32) + data)


main(sys.argv[1])
