#!/usr/bin/env python3
"""make_unicode_class_table.py > unicode_class_table.c    (pip install unicodedata2==16.0.0)"""
import unicodedata2

assert unicodedata2.unidata_version == "16.0.0", unicodedata2.unidata_version
OTHER, UPPER, LOWER, TITLE, MODIFIER, LETTER, MARK, NUMBER, SPACE, LONG_S = range(10)
BY_CATEGORY = {"Lu": UPPER, "Ll": LOWER, "Lt": TITLE, "Lm": MODIFIER, "Lo": LETTER}
BY_FIRST = {"M": MARK, "N": NUMBER}
WHITE_SPACE = {0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000}


def kind(code):
    if code == 0x17F:
        return LONG_S
    if code in WHITE_SPACE:
        return SPACE
    category = unicodedata2.category(chr(code))
    return BY_CATEGORY.get(category, BY_FIRST.get(category[0], OTHER))


entries, last = [], None
for code in range(0x80, 0x110000):
    if kind(code) != last:
        last = kind(code)
        entries.append(f"0x{code << 4 | last:X}")
lines, line = [], ""
for entry in entries:
    if len(line) + len(entry) + 2 > 96:
        lines.append(line)
        line = ""
    line += (" " if line else "") + entry + ","
lines.append(line)
print("/* Written by make_unicode_class_table.py. */")
print("/* clang-format off */")
print('#include "executor/tokenizer/unicode_class.h"\n')
print("const uint32_t crux_unicode_class_table[] = {")
print("\n".join("    " + line for line in lines))
print("};")
print(f"const uint32_t crux_unicode_class_entries = {len(entries)};")
