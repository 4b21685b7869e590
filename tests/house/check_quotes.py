#!/usr/bin/env python3
"""check_quotes.py ROOT: what comments say about spec/ is still there.

A comment may name a section, spec/20-ops.md#reduce, and may quote it: spec/20-ops.md#reduce: "exact words".
The file and the heading must exist, and the words must stand in that section (its subsections included),
white space and comment stars folded. Anchors are GitHub's.
"""
import os
import re
import sys

import tree

# A string or character literal is matched first, so that it cannot open a comment.
TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|(?://[^\n]*(?:\n[ \t]*(?=//))?)+', re.DOTALL)
REFERENCE = re.compile(r'spec/([A-Za-z0-9._-]+\.md)(?:#([A-Za-z0-9_-]+))?(:[ ]?"((?:[^"\\]|\\.)*)("?))?')
SOURCES = (".c", ".h", ".def", ".mjs", ".cmake")


def fold(words):
    return " ".join(words.split())


def comments(source):
    """Pairs (offset, text) with the comment signs gone and white space folded to single blanks."""
    for match in TOKEN.finditer(source):
        raw = match.group()
        if raw.startswith("/*"):
            yield match.start(), fold(re.sub(r"(?m)^[ \t]*\*(?=[ \t/]|$)", " ", raw[2:-2]))
        elif raw.startswith("//"):
            yield match.start(), fold(re.sub(r"(?m)^[ \t]*//+", " ", raw))


def slug(heading):
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def sections(markdown):
    """anchor -> folded text of the section, up to the next heading of its own or a higher level."""
    headings, fenced, lines = [], False, markdown.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\s*(```|~~~)", line):
            fenced = not fenced
        match = re.match(r"(#{1,6})\s+(.*?)\s*#*\s*$", line)
        if match and not fenced:
            headings.append((number, len(match.group(1)), match.group(2)))
    found, seen = {}, {}
    for index, (number, level, heading) in enumerate(headings):
        name = slug(heading)
        count = seen.get(name, 0)
        seen[name] = count + 1
        end = next((n for n, l, _ in headings[index + 1:] if l <= level), len(lines))
        found[f"{name}-{count}" if count else name] = fold(" ".join(lines[number:end]))
    return found


def check(root):
    problems, cache = [], {}
    named = quoted = 0
    for path in tree.files(root, *SOURCES):
        source = tree.text(root, path)
        for offset, comment in comments(source):
            for match in REFERENCE.finditer(comment):
                file, anchor, has_quote, words, closed = match.groups()
                where = f"{path}:{source.count(chr(10), 0, offset) + 1}"
                named += 1
                if file not in cache:
                    there = os.path.exists(os.path.join(root, "spec", file))
                    cache[file] = sections(tree.text(root, "spec/" + file)) if there else None
                if cache[file] is None:
                    problems.append(f"{where}: there is no spec/{file}")
                elif anchor and anchor not in cache[file]:
                    problems.append(f"{where}: spec/{file} has no section #{anchor}")
                elif has_quote and not (anchor and closed and words.strip()):
                    problems.append(f"{where}: a quote of spec/{file} needs an #anchor, words and a closing mark")
                elif has_quote:
                    quoted += 1
                    if fold(words.replace('\\"', '"')) not in cache[file][anchor]:
                        problems.append(f'{where}: spec/{file}#{anchor} does not say: "{words}"')
    return problems, f"{named} places name the spec, {quoted} of them quote it, and it says so"


if __name__ == "__main__":
    sys.exit(tree.report(*check(sys.argv[1] if len(sys.argv) > 1 else ".")))
