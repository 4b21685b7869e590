#!/usr/bin/env python3
"""Every check of `./dev check` can fail, and says where. Small trees, made here."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import check_includes
import check_paths
import check_quotes

HOUSE = os.path.dirname(os.path.abspath(__file__))
SPEC = """# 10 Words

## Sums: the rule

A sum *wraps* at 2^64,
and nothing else does.

### Small print

It is "total".

```
## not a heading
```

## Other

A product saturates.
"""


class Tree(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="crux checks ")
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, path, content):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(content)

    def problems(self, check):
        return check.check(self.root)[0]

    def refused(self, check, *parts):
        problems = self.problems(check)
        self.assertEqual(len(problems), 1, problems)
        for part in parts:
            self.assertIn(part, problems[0])

    def script(self, name):
        return subprocess.run([os.path.join(HOUSE, name), self.root], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)


class Includes(Tree):
    def setUp(self):
        super().setUp()
        self.write("kernels/kernels.h", '#include "kernels/ops/op.h"\n')
        self.write("kernels/ops/op.h", "#include <stdint.h>\n")
        self.write("kernels/ops/op.c", '#include "kernels/ops/op.h"\n')
        self.write("bisection/bisection.h", '#include "kernels/kernels.h"\n')
        self.write("bisection/merkle/proof.c", '#include "bisection/bisection.h"\n#include <limits.h>\n')
        self.write("executor/engine/engine.h", "")
        self.write("executor/service/http.h", "")
        self.write("challenger/audit.c", '#include "executor/engine/engine.h"\n')
        self.write("cli/main.c", '#include <stdio.h>\n#include "kernels/kernels.h"\n#include "bisection/bisection.h"\n')
        self.write("tests/a/test_a.c", '#include "kernels/ops/op.h"\n#include <stdlib.h>\n')
        self.write("cmake/freestanding.cmake", "set(CRUX_FREESTANDING_PATTERNS\n  kernels/ops/*.c\n  bisection/merkle/*.c)\n")

    def test_good(self):
        self.assertEqual(self.problems(check_includes), [])

    def test_against_the_arrow(self):
        self.write("kernels/ops/bad.h", '\n#include "bisection/bisection.h"\n')
        self.refused(check_includes, "kernels/ops/bad.h:2", "may not include")

    def test_challenger_knows_no_service(self):
        self.write("challenger/bad.c", '#include "executor/service/http.h"\n')
        self.refused(check_includes, "challenger/bad.c:1", "may not include")

    def test_bisection_past_the_umbrella(self):
        self.write("bisection/bad.c", '#  include "kernels/ops/op.h"\n')
        self.refused(check_includes, "bisection/bad.c:1", "only by")

    def test_cli_past_the_umbrella(self):
        self.write("bisection/merkle/proof.h", "")
        self.write("cli/bad.c", '#include "bisection/merkle/proof.h"\n')
        self.refused(check_includes, "cli/bad.c:1", "only by")

    def test_not_from_the_root(self):
        self.write("kernels/base/bad.c", '#include "../ops/op.h"\n')
        self.refused(check_includes, "kernels/base/bad.c:1", "no file seen from the root")

    def test_outside_the_houses(self):
        self.write("misc/x.c", "int x;\n")
        self.refused(check_includes, "misc/x.c", "outside the houses")

    def test_libc_in_freestanding(self):
        self.write("kernels/ops/bad.c", "#include <string.h>\n")
        self.refused(check_includes, "kernels/ops/bad.c:1", "<string.h>")

    def test_libc_behind_a_header_of_freestanding(self):
        self.write("kernels/ops/op.h", "#include <stdlib.h>\n")
        self.refused(check_includes, "kernels/ops/op.h:1", "<stdlib.h>")


class Quotes(Tree):
    def setUp(self):
        super().setUp()
        self.write("spec/10-words.md", SPEC)

    def source(self, text):
        self.write("kernels/a.c", text)

    def test_good(self):
        self.source('/* spec/10-words.md#sums-the-rule: "A sum *wraps* at 2^64, and\n * nothing else does." */\n'
                    '// spec/10-words.md#sums-the-rule: "It is\n// \\"total\\"."\n'
                    'const char *s = "/*"; /* see spec/10-words.md and spec/10-words.md#other. */\n')
        self.assertEqual(self.problems(check_quotes), [])

    def test_other_words(self):
        self.source('\n/* spec/10-words.md#sums-the-rule: "A sum saturates" */\n')
        self.refused(check_quotes, "kernels/a.c:2", "does not say")

    def test_words_of_another_section(self):
        self.source('/* spec/10-words.md#sums-the-rule: "A product saturates." */\n')
        self.refused(check_quotes, "does not say")

    def test_no_such_section(self):
        self.source("/* spec/10-words.md#not-a-heading */\n")
        self.refused(check_quotes, "no section #not-a-heading")

    def test_no_such_file(self):
        self.source("// as spec/99-gone.md says\n")
        self.refused(check_quotes, "no spec/99-gone.md")

    def test_quote_without_anchor_or_end(self):
        self.source('/* spec/10-words.md: "A product saturates." */\n')
        self.refused(check_quotes, "needs an #anchor")
        self.source('/* spec/10-words.md#other: "A product saturates. */\n')
        self.refused(check_quotes, "closing mark")


class Paths(Tree):
    def test_good(self):
        self.write("a.md", "a framework/part, /usr/bin/env, ../work/x, https://example.org/work/\n")
        self.assertEqual(self.problems(check_paths), [])

    def test_each(self):
        for path in ("/wor" + "k/main", "/tm" + "p/crux/x", "/roo" + "t/.cache"):
            self.write("docs/a.txt", f"one\nsee {path} there\n")
            self.refused(check_paths, "docs/a.txt:2")


@unittest.skipUnless(shutil.which("shellcheck"), "shellcheck is not installed")
class Shell(Tree):
    def test_both_ways(self):
        self.write("tools/good", '#!/bin/sh\necho "$1"\n')
        self.assertEqual(self.script("check_shell.sh").returncode, 0)
        self.write("tools/bad", "#!/usr/bin/env bash\necho $1\n")
        result = self.script("check_shell.sh")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("tools/bad", result.stdout)

    def test_nothing_found_is_no_success(self):
        self.assertNotEqual(self.script("check_shell.sh").returncode, 0)


CAN_FORMAT = subprocess.run([os.path.join(HOUSE, "check_format.sh"), "--can-run"], stdout=subprocess.PIPE,
                            text=True, check=False)


@unittest.skipUnless(CAN_FORMAT.returncode == 0, CAN_FORMAT.stdout.strip())
class Format(Tree):
    def test_both_ways(self):
        shutil.copy(os.path.join(HOUSE, "..", "..", ".clang-format"), self.root)
        self.write("a b/good.c", "int main(void) {\n    return 0;\n}\n")
        self.assertEqual(self.script("check_format.sh").returncode, 0)
        self.write("a b/bad.h", "int  f( void );\n")
        result = self.script("check_format.sh")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("a b/bad.h", result.stdout)

    def test_nothing_found_is_no_success(self):
        self.assertNotEqual(self.script("check_format.sh").returncode, 0)


if __name__ == "__main__":
    sys.exit(unittest.main())
