#!/usr/bin/env python3
"""Token ids by Hugging Face tokenizers and by SentencePiece, for test_tokenizer_reference to compare with ours.

    python3 -m venv V && V/bin/pip install tokenizers==0.23.3 sentencepiece==0.2.3 gguf==0.19.0
    V/bin/python reference_ids.py --lines 6000 --seed 1 --out FILE [--model MODEL.gguf]
    test_tokenizer_reference FILE           (in the root of the repository)

The committed reference.json is what --lines 120 --seed 7 --small gives. Needs the network only for pip.
"""
import argparse
import io
import json

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import awkward_lines

CONTROL, BOS, EOS = 1, 2, 4
NORMAL, UNKNOWN, CONTROL_TYPE, USER_DEFINED, UNUSED, BYTE = range(1, 7)

ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
EXPRESSIONS = {
    "llama-bpe": ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES,
    "qwen2": ENDINGS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES,
    "tekken": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*"
              r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES,
    "gpt-4o": rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{ENDINGS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{ENDINGS}?"
              r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + SPACES,
}


def pre_tokenizer(name):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "gpt-2":
        return byte_level
    if name == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(EXPRESSIONS[name]), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def ids(tokenizer, texts, control=True):
    tokenizer.encode_special_tokens = not control
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]


def byte_bpe(vocabulary, name):
    """A tokenizer from GGUF keys."""
    tokens, types = vocabulary["tokens"], vocabulary["token_type"]
    whole_words = name in ("llama-bpe", "tekken")
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)},
                                     [tuple(m.split(" ")) for m in vocabulary["merges"]], ignore_merges=whole_words))
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    tokenizer.decoder = decoders.ByteLevel()
    for token, kind in zip(tokens, types):
        if kind == CONTROL_TYPE:
            tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)])
        elif kind == USER_DEFINED:
            tokenizer.add_tokens([AddedToken(token, special=False, normalized=False)])
    return tokenizer


def train_byte_bpe(corpus, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer("llama-bpe")
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "[UD]"]
    tokenizer.train_from_iterator(corpus, trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    return {"model": "gpt2", "tokens": tokens, "token_type": [CONTROL_TYPE] * 3 + [USER_DEFINED] + [NORMAL] * (len(tokens) - 4),
            "merges": [m if isinstance(m, str) else " ".join(m) for m in model["merges"]],
            "bos_token_id": 1, "eos_token_id": 2, "add_bos_token": False}


# Symbols that overlap: unigram weighs their cuts, GGUF's readers, as for BPE, take the longest first.
SYMBOLS = {"bpe": ["[UD]", "\n", "\n\n"], "unigram": ["[UD]"]}


def train_sentencepiece(corpus, kind, size, prefix, fallback=True):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line.replace("\n", " ").replace("\0", "") for line in corpus), model_writer=model, model_type=kind, vocab_size=size,
        byte_fallback=fallback, normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=prefix,
        user_defined_symbols=[] if prefix else SYMBOLS[kind], hard_vocab_limit=False, character_coverage=0.98, minloglevel=2, num_threads=1)
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def gguf_of(pieces, kind, prefix):
    count = pieces.get_piece_size()

    def type_of(i):
        if pieces.is_unknown(i):
            return UNKNOWN
        if pieces.is_control(i):
            return CONTROL_TYPE
        if pieces.is_byte(i):
            return BYTE
        if pieces.is_unused(i):
            return UNUSED
        # No other question tells a user-defined symbol.
        return USER_DEFINED if pieces.id_to_piece(i) in SYMBOLS[kind] else NORMAL

    types = [type_of(i) for i in range(count)]
    # As converters do it: these are matched in the text before its spaces are replaced.
    tokens = [pieces.id_to_piece(i).replace("▁", " ") if t == USER_DEFINED else pieces.id_to_piece(i)
              for i, t in enumerate(types)]
    return {"model": {"bpe": "llama", "unigram": "t5"}[kind], "tokens": tokens, "token_type": types,
            "scores": [float(f"{pieces.get_score(i):.9g}") for i in range(count)], "add_space_prefix": prefix,
            "bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0, "add_bos_token": True}


def merges_of(vocabulary):
    """Every cut of a token into two tokens, in the order in which the pieces were learnt."""
    score = {t: s for t, s, k in zip(vocabulary["tokens"], vocabulary["scores"], vocabulary["token_type"]) if k == NORMAL}
    index = {t: i for i, t in enumerate(vocabulary["tokens"])}
    merges = []
    for token in sorted(score, key=lambda t: (-score[t], index[t])):
        local = [(token[:cut], token[cut:]) for cut in range(1, len(token)) if token[:cut] in score and token[cut:] in score]
        merges += sorted(local, key=lambda pair: (index[pair[0]], index[pair[1]]))
    return merges


def character_bpe(vocabulary, normalizer, pre, decoder):
    """The same SentencePiece BPE as Hugging Face files have it."""
    tokens = vocabulary["tokens"]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges_of(vocabulary), unk_token="<unk>",
                                     fuse_unk=True, byte_fallback=True))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre is not None:
        tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoder
    tokenizer.add_special_tokens([AddedToken("<unk>", normalized=False), AddedToken("<s>", normalized=False),
                                  AddedToken("</s>", normalized=False, rstrip=True)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    return tokenizer


def from_model(path):
    import gguf
    fields = gguf.GGUFReader(path).fields
    take = {k[len("tokenizer.ggml."):]: f.contents() for k, f in fields.items() if k.startswith("tokenizer.ggml.")}
    take["chat_template"] = fields["tokenizer.chat_template"].contents() if "tokenizer.chat_template" in fields else None
    return {k: v for k, v in take.items() if v is not None}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--lines", type=int, default=6000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--small", action="store_true", help="fewer cases, for the committed file")
    arguments.add_argument("--model", help="a GGUF file with a byte-level vocabulary")
    arguments.add_argument("--out", required=True)
    given = arguments.parse_args()
    texts = awkward_lines.lines(given.lines, given.seed)
    if given.small:
        texts = list(dict.fromkeys(text[:16] for text in texts))
    corpus = awkward_lines.corpus(given.seed)
    size = 600 if given.small else 2000
    vocabularies, cases = {}, []

    def case(name, vocabulary, reference, flags=CONTROL, back=True, **more):
        cases.append({"name": name, "vocabulary": vocabulary, "flags": flags, "back": back, "ids": reference, **more})

    vocabularies["bytes"] = train_byte_bpe(corpus, size)
    for name in ["gpt-2", "smollm", *EXPRESSIONS]:
        case(name, "bytes", ids(byte_bpe(vocabularies["bytes"], name), texts), pre=name)
    case("gpt-2, no control", "bytes", ids(byte_bpe(vocabularies["bytes"], "gpt-2"), texts, control=False), flags=0, pre="gpt-2")
    with_nfc = byte_bpe(vocabularies["bytes"], "qwen2")
    with_nfc.normalizer = normalizers.NFC()
    if not given.small:
        for name in ["gpt-2", "smollm", *EXPRESSIONS]:
            tokenizer = byte_bpe(vocabularies["bytes"], name)
            vocabularies[name] = {"tokenizer": json.loads(tokenizer.to_str())}
            case(name + " json", name, ids(tokenizer, texts))
    vocabularies["nfc"] = {"tokenizer": json.loads(with_nfc.to_str())}
    case("qwen2 nfc json", "nfc", ids(with_nfc, texts), back=False)

    bpe = train_sentencepiece(corpus, "bpe", size, True)
    vocabularies["bpe"] = gguf_of(bpe, "bpe", True)
    case("sentencepiece bpe", "bpe", bpe.encode(texts), flags=0, back=False)
    gemma = train_sentencepiece(corpus, "bpe", size, False)
    vocabularies["bpe-user"] = gguf_of(gemma, "bpe", False)
    case("sentencepiece bpe, symbols", "bpe-user", gemma.encode(texts), flags=0, back=False)
    unigram = train_sentencepiece(corpus, "unigram", size, True)
    vocabularies["unigram"] = gguf_of(unigram, "unigram", True)
    case("sentencepiece unigram", "unigram", unigram.encode(texts), flags=0, back=False)
    unigram = train_sentencepiece(corpus[-2000:] if given.small else corpus, "unigram", size, False, fallback=False)
    vocabularies["unigram-unk"] = gguf_of(unigram, "unigram", False)
    case("unigram, symbols, unknown", "unigram-unk", unigram.encode(texts), flags=0, back=False)

    llama = character_bpe(vocabularies["bpe"],
                          normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
                          decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    vocabularies["llama json"] = {"tokenizer": json.loads(llama.to_str())}
    case("llama 2 json", "llama json", ids(llama, texts), back=False)
    if not given.small:
        for scheme in ("first", "always", "never"):
            mistral = character_bpe(vocabularies["bpe"], None, pre_tokenizers.Metaspace("▁", scheme, split=False),
                                    decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                                       decoders.Strip(" ", 1, 0)]))
            vocabularies["metaspace " + scheme] = {"tokenizer": json.loads(mistral.to_str())}
            case("metaspace " + scheme, "metaspace " + scheme, ids(mistral, texts), back=False)
        vocabularies["llama bos"] = vocabularies["llama json"]
        llama.encode_special_tokens = False
        case("llama 2 json, bos", "llama bos", [llama.encode(text).ids for text in texts], flags=CONTROL | BOS, back=False)
    if given.model:
        vocabularies["model"] = from_model(given.model)
        tokenizer = byte_bpe(vocabularies["model"], vocabularies["model"]["pre"])
        case("model " + vocabularies["model"]["pre"], "model", ids(tokenizer, texts))
        case("model, no control", "model", ids(tokenizer, texts, control=False), flags=0)
        vocabularies["model json"] = {"tokenizer": json.loads(tokenizer.to_str())}
        case("model json", "model json", ids(tokenizer, texts))
    with open(given.out, "w", encoding="ascii") as file:
        json.dump({"texts": texts, "vocabularies": vocabularies, "cases": cases}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
