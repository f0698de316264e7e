#!/usr/bin/env python3
"""The rules themselves: each catches what it is for and lets the rest pass."""
import unittest

from architecture_rules import ALLOWED, check


def header(*lines):
    return "\n".join(("#pragma once",) + lines) + "\n"


class ArchitectureRulesTest(unittest.TestCase):
    def assert_offence(self, path, text, expected):
        messages = check(path, text)
        self.assertEqual(len(messages), 1, messages)
        self.assertIn(expected, messages[0])

    def test_arrows_point_one_way(self):
        self.assertEqual(check("core/data/a.h", header('#include "core/text/b.h"')), [])
        self.assertEqual(check("core/data/a.h", header('#include "core/data/b.h"')), [])
        self.assert_offence("core/text/a.h", header('#include "core/data/b.h"'),
                            "core/text/a.h:2: core/text must not include core/data")
        self.assert_offence("launcher/cli/a.cpp", '#include "trainer/comm/world.h"\n',
                            "must not include trainer/comm")
        self.assert_offence("trainer/comm/a.cpp", '#include "launcher/plan/plan.h"\n',
                            "must not include launcher/plan")
        self.assert_offence("core/new/a.cpp", "int a;\n", "no place in the table")

    def test_the_table_has_no_cycles(self):
        done = set()

        def visit(folder, path):
            self.assertNotIn(folder, path, f"cycle {path}")
            if folder not in done:
                for target in ALLOWED[folder]:
                    visit(target, path + [folder])
                done.add(folder)

        for folder in ALLOWED:
            visit(folder, [])

    def test_torch_stays_in_the_trainers_sources(self):
        self.assertEqual(check("trainer/model/a.cpp", "#include <ATen/ops/mm.h>\n"), [])
        self.assert_offence("trainer/model/a.h", header("#include <ATen/core/Tensor.h>"),
                            "no torch in headers")
        self.assert_offence("trainer/model/a.cpp", "#include <torch/torch.h>\n", "half a minute")
        self.assert_offence("core/data/a.cpp", "#include <c10/util/Half.h>\n", "free of torch")

    def test_mpi_stays_in_comm(self):
        self.assertEqual(check("trainer/comm/a.cpp", "#include <mpi.h>\n"), [])
        self.assert_offence("trainer/comm/a.h", header("#include <mpi.h>"), "MPI is known")
        self.assert_offence("trainer/train/a.cpp", "#include <mpi.h>\n", "MPI is known")

    def test_sizes(self):
        self.assertEqual(check("core/data/a.cpp", "int a;\n" * 500), [])
        self.assert_offence("core/data/a.cpp", "int a;\n" * 501, "501 lines")

    def test_functions(self):
        def function(lines, indent=""):
            body = f"{indent}  a();\n" * (lines - 2)
            return f"{indent}void f(int a) {{\n{body}{indent}}}\n"
        self.assertEqual(check("core/data/a.cpp", function(80)), [])
        self.assert_offence("core/data/a.cpp", function(81), "a.cpp:1: a function of 81 lines")
        self.assertEqual(check("core/data/a.cpp", function(50) * 3), [])
        self.assert_offence("core/data/a.cpp", "class A {\n" + function(81, "  ") + "};\n",
                            "a.cpp:2: a function of 81 lines")
        self.assertEqual(check("core/data/a.cpp", "namespace {\n" + function(50) * 3 + "}\n"), [])

    def test_headers_are_included_once(self):
        self.assert_offence("core/data/a.h", "int a;\n", "#pragma once")


if __name__ == "__main__":
    unittest.main()
