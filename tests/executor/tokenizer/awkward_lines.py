"""Lines that tokenizers stumble over, the same for the same seed."""
import random
import unicodedata

WORDS = ("the quick brown fox It's don't WE'LL they've I'm he'd 'tis o'clock rock'n'roll naïve café Zürich straße "
         "übermäßig Привет мир Καλημέρα κόσμε שלום עולם مرحبا بالعالم नमस्ते दुनिया สวัสดีชาวโลก 안녕하세요 세계 "
         "こんにちは世界 カタカナ 你好世界 繁體中文 tokenization HTTPServer snake_case camelCase x86_64 C++11 "
         "e-mail@example.org https://example.org/a?b=c&d=%20 $3.14 100% #tag @name 1,234,567.89 0x1F 3rd 2nd").split()
ENDINGS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'lL", "'D", "'x", "’s", "'ſ", "'Re've"]
SPACES = [" ", "  ", "   ", "\t", "\t\t", "\n", "\n\n", "\r\n", "\r", "\v", "\f", "\u00a0", "\u1680", "\u2003", "\u2028",
          "\u2029", "\u202f", "\u3000", "\u0085", "\u180e", "\u200b", "\ufeff", "\u2060", "\u001c", "\u001f", " \n ", " \t "]
EMOJI = ["😀", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️", "☎︎", "1️⃣", "🧑🏿‍🚀", "🫠", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "⌚", "㊗️"]
MARKS = ["e\u0301", "a\u0308\u0304", "n\u0303", "\u0301x", "o\u0338", "क\u094d\u0937", "ี่", "Å", "A\u030a", "ﬁ", "ſt", "İ", "ǅ", "ß",
         "\u1100\u1161\u11a8", "각", "\u0958", "\u2126", "\u212b", "q\u0307\u0323", ">\u0338"]
DIGITS = ["0", "7", "42", "123", "1234", "12345", "1234567890", "٣٤٥", "१२३", "Ⅷ", "½", "²³", "①", "㉈", "𝟘𝟙", "1e10", "-5", "3.0"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_start|", "|im_end|>", "<|im_start|>user\n", "<s>", "</s>", "<unk>",
           "<0x0A>", "[UD]", "[UD", "[UD]]", "<|im_start|><|im_end|>", "<|", "|>", "[INST]", "▁", "▁▁", "Ġ", "Ċ", "<pad>"]
SYMBOLS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿§¶•…–—“”«»€£¥©®™°±×÷→⇒∀∑√∞≠≤▲●★♪\u0000\u0001\u0004\u0007\u001b\u007f")
CJK = "的一是不了人我在有他这为之大来以个中上们到説時地道出而要於就下得可你年生自会那后能对着事其里所去行過家十用发天如然作方成者多日都三小军二無同麼経法当起与好看学进種将還分此心前面又定見只主沒公從"
HANGUL = [chr(c) for c in range(0xAC00, 0xAC00 + 600, 7)]


def random_character(rng, planes):
    while True:
        code = rng.choice(planes)(rng)
        character = chr(code)
        if 0xD800 <= code < 0xE000 or unicodedata.category(character) == "Cn":
            continue
        # NFC puts marks in order, and the reference's does not know those of the last years.
        if unicodedata.combining(character) == 0 or unicodedata.ucd_3_2_0.category(character) != "Cn":
            return character


RANGES = [lambda r: r.randrange(0x20, 0x7F), lambda r: r.randrange(0x80, 0x250), lambda r: r.randrange(0x250, 0x600),
          lambda r: r.randrange(0x600, 0x2000), lambda r: r.randrange(0x2000, 0x3400), lambda r: r.randrange(0x3400, 0xD800),
          lambda r: r.randrange(0xE000, 0x10000), lambda r: r.randrange(0x10000, 0x20000), lambda r: r.randrange(0x20000, 0x30000)]


def line(rng):
    kind = rng.randrange(14)
    if kind == 0:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 16)))
    if kind == 1:
        return "".join(rng.choice(WORDS) + rng.choice(ENDINGS) + rng.choice(SPACES) for _ in range(rng.randrange(1, 8)))
    if kind == 2:
        return "".join(rng.choice([rng.choice(SPACES), rng.choice(WORDS), ""]) for _ in range(rng.randrange(1, 24)))
    if kind == 3:
        return rng.choice(SPACES + SYMBOLS + ["a", "ab", "1", "é", "世", "😀", "\u0301", "="]) * rng.randrange(1, 200)
    if kind == 4:
        return "".join(rng.choice(EMOJI + ["", " "]) for _ in range(rng.randrange(1, 12)))
    if kind == 5:
        return "".join(rng.choice(MARKS + [rng.choice(WORDS), " "]) for _ in range(rng.randrange(1, 16)))
    if kind == 6:
        return "".join(rng.choice(CJK) for _ in range(rng.randrange(1, 40))) + rng.choice(["", "。", "！", " x"])
    if kind == 7:
        return "".join(rng.choice(DIGITS) + rng.choice(["", " ", ",", ".", "x", "\n"]) for _ in range(rng.randrange(1, 14)))
    if kind == 8:
        return "".join(rng.choice(SPECIAL) + rng.choice(["", " ", "  ", "\n", rng.choice(WORDS)]) for _ in range(rng.randrange(1, 8)))
    if kind == 9:
        return "".join(rng.choice(SYMBOLS) + rng.choice(["", "", " ", rng.choice(WORDS), "\n"]) for _ in range(rng.randrange(1, 24)))
    if kind == 10:
        return "".join(random_character(rng, RANGES) for _ in range(rng.randrange(1, 40)))
    if kind == 11:
        planes = [rng.choice(RANGES)]
        return "".join(random_character(rng, planes) + rng.choice(["", "", " "]) for _ in range(rng.randrange(1, 30)))
    if kind == 12:
        indent = rng.choice(["    ", "\t", "  "])
        return "".join(indent * rng.randrange(4) + rng.choice(["if (x) {", "}", "return a[i] += 1;", "# note", "def f(self):", "//", ""])
                       + rng.choice(["\n", "\r\n", "\n\n"]) for _ in range(rng.randrange(1, 8)))
    return "".join(rng.choice(HANGUL + WORDS + EMOJI + DIGITS + SPACES + MARKS) for _ in range(rng.randrange(1, 30)))


def lines(count, seed):
    """`count` different lines, the empty one first."""
    rng, found, seen = random.Random(seed), [""], {""}
    while len(found) < count:
        new = line(rng)
        if new not in seen:
            seen.add(new)
            found.append(new)
    return found


def corpus(seed):
    """Text to train small vocabularies on."""
    rng = random.Random(seed)
    return lines(2000, seed + 1000) + [" ".join(rng.choice(WORDS) + rng.choice(["", "", "", ",", "."] + ENDINGS) for _ in range(rng.randrange(3, 14)))
            + rng.choice(["", "", "\n", "\n\n", "  ", "    return x;"]) for _ in range(4000)]
