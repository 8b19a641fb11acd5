#!/usr/bin/env python3
"""What ops/tally.py makes of the files that ctest and ops/test.sh leave."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ops"))

from tally import main, tally  # noqa: E402

PASSED = '<testcase name="a:A.passes" status="run"><system-out>[  PASSED  ] 1 test.</system-out></testcase>'
FAILED = """<testcase name="a:A.fails" status="fail"><failure message=""/>
<system-out>x_test.cc:4: Failure\nExpected equality\n[  FAILED  ] A.fails</system-out></testcase>"""
SKIPPED = """<testcase name="a:A.skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>x_test.cc:5: Skipped\nno broker here: a JDK is missing\n[  SKIPPED ] A.skips (0 ms)</system-out></testcase>"""
ABSENT = '<testcase name="b" status="notrun"><skipped message="Unable to find executable"/><system-out></system-out></testcase>'
DISABLED = '<testcase name="c" status="disabled"><system-out>Disabled</system-out></testcase>'


class Tally(unittest.TestCase):
    def tally(self, stages, **junit):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "stages.tsv").write_text("".join("\t".join(map(str, stage)) + "\n" for stage in stages), encoding="utf-8")
            for stage, cases in junit.items():
                Path(folder, stage + ".xml").write_text(f"<testsuite>{cases}</testsuite>", encoding="utf-8")
            return tally(Path(folder))[1], main(folder)

    def test_counts_cases_by_what_became_of_them(self):
        found, code = self.tally([("tests", "tests", 3, 8)], tests=PASSED + FAILED + SKIPPED + DISABLED)
        self.assertEqual({key: len(value) for key, value in found.items()}, {"passed": 1, "failed": 1, "skipped": 2})
        self.assertIn("no broker here: a JDK is missing", found["skipped"][0])
        self.assertIn("x_test.cc:4 Expected equality", found["failed"][0])
        self.assertEqual(code, 1)

    def test_a_case_that_could_not_start_is_a_failure(self):
        found, _ = self.tally([("tests", "tests", 3, 8)], tests=PASSED + ABSENT)
        self.assertEqual([name for _, name, _ in found["failed"]], ["b"])

    def test_a_stage_that_left_no_cases_is_a_failure(self):
        found, code = self.tally([("tests", "tests", 3, 0), ("format", "check", 1, 0)])
        self.assertEqual((len(found["passed"]), len(found["failed"]), code), (1, 1, 1))

    def test_a_stage_stopped_at_its_limit_is_a_failure(self):
        found, code = self.tally([("tests", "tests", 900, 124)], tests=PASSED)
        self.assertEqual((len(found["passed"]), len(found["failed"]), code), (1, 1, 1))

    def test_a_check_counts_as_one(self):
        found, code = self.tally([("format", "check", 1, 0), ("tidy", "check", 1, 1)])
        self.assertEqual((len(found["passed"]), len(found["failed"]), code), (1, 1, 1))

    def test_nothing_run_is_no_success(self):
        self.assertEqual(self.tally([("tests", "tests", 1, 0)], tests=SKIPPED)[1], 1)

    def test_all_passed_is_success(self):
        self.assertEqual(self.tally([("tests", "tests", 1, 0), ("format", "check", 1, 0)], tests=PASSED)[1], 0)


if __name__ == "__main__":
    unittest.main()
