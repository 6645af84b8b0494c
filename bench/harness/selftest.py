"""Checks the figures on invented samples whose right results are known, and that faults planted in them show.

No time is judged, and nothing is traced: `bench/run --self-test`.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import types
import unittest
import xml.etree.ElementTree

from . import cases, inputs, keys, measure, modes, picture, results, tables

NAMES, TRACED = ["native", "run", "record"], ["record"]
MACHINE = {"processor": "P", "cpus": 2, "kernel": "6.1", "virtual": True, "date": "2026-01-01", "load": "0.1",
           "tiptoe": "tiptoe 0"}
OPTIONS = types.SimpleNamespace(rounds=3, start_rounds=10, factor=1.0)


def sample(cpu, **other):
    facts = {"app_cpu": cpu, "wall": cpu, "status": 0, "output": "same", "program_kb": 2048, **other}
    return measure.Sample(cpu=cpu, **facts)


def result(name="a", group="program", run=2.0, record=4.0, scale=0, **other):
    samples = {"native": [sample(c) for c in (0.9, 1.0, 1.3)],
               "run": [sample(run, **other)] * 3,
               "record": [sample(record, app_cpu=record / 2, tiptoe_kb=1024, trace_bytes=5000, **other)] * 3}
    counts = {"record": measure.Counts(instructions=2_000_000, blocks=100 * scale)}
    return results.Result(cases.Case(name, group, ["/bin/true"], scale=scale), samples, counts)


class Figures(unittest.TestCase):
    def test_a_ratio_is_of_medians_and_the_spread_of_extremes(self):
        self.assertAlmostEqual(result().ratio("run", "cpu"), 2.0)
        self.assertAlmostEqual(result().spread("native", "cpu"), 0.4)

    def test_the_mean_is_geometric_and_leaves_out_what_went_wrong(self):
        good = [result("a", run=1.0), result("b", run=4.0)]
        self.assertAlmostEqual(results.mean_ratio(good, "program", "run", "cpu"), 2.0)
        bad = result("c", run=100.0, output="other")
        self.assertAlmostEqual(results.mean_ratio([*good, bad], "program", "run", "cpu"), 2.0)

    def test_trace_bytes_are_for_a_million_instructions(self):
        self.assertAlmostEqual(result().trace_bytes_per_million("record"), 2500)

    def test_growth_is_what_native_does_not_have(self):
        small, large = result(scale=64), result(scale=1000)
        for mode, kb in (("native", 2048 + 936), ("run", 2048 + 3 * 936)):
            large.samples[mode] = [sample(1.0, program_kb=kb)]
        self.assertAlmostEqual(results.kb_per_unit([small, large], "run", "program_kb", lambda r: r.case.scale), 2.0)

    def test_a_figure_that_is_not_there_is_null_in_json(self):
        lone = result()
        lone.samples["native"] = [sample(0.0)] * 3
        text = json.dumps(results.as_json([lone], MACHINE), allow_nan=False)
        self.assertIsNone(json.loads(text)["cases"][0]["modes"]["run"]["ratio"]["cpu"])


class Faults(unittest.TestCase):
    def shown(self, faulty):
        return tables.report([result("good"), faulty], NAMES, TRACED).partition("## Different from native")[2]

    def test_nothing_is_listed_when_nothing_is_wrong(self):
        self.assertEqual(self.shown(result("b")), "")

    def test_other_output_is_listed(self):
        self.assertIn("* b, run: OUTPUT DIFFERS", self.shown(result("b", output="other")))

    def test_another_status_is_listed_with_its_last_words(self):
        self.assertIn("ended with 0xb: ouch", self.shown(result("b", status=11, complaint="ouch")))

    def test_a_trace_that_is_not_whole_is_listed(self):
        faulty = result("b")
        faulty.counts["record"].problem = "it has no end"
        self.assertIn("* b, record: TRACE NOT WHOLE: it has no end", self.shown(faulty))

    def test_native_that_fails_or_changes_is_listed(self):
        faulty = result("b")
        faulty.samples["native"][1] = sample(1.0, output="other")
        self.assertIn("* b, native: OUTPUT DIFFERS", self.shown(faulty))
        faulty = result("b", status=256)
        faulty.samples["native"] = [sample(1.0, status=256)] * 3
        self.assertIn("* b, native: ended with 0x100", self.shown(faulty))


class Pages(unittest.TestCase):
    def test_every_group_has_a_section_and_all_its_rows(self):
        for group in cases.GROUPS:
            text = tables.report([result("one", group, scale=64), result("two", group, scale=1000)], NAMES, TRACED)
            self.assertIn(f"## {tables.TITLES[group]}", text)
            self.assertIn("| one", text)
            self.assertIn("| two", text)

    def test_a_further_mode_has_columns_without_further_code(self):
        more = result()
        more.samples["record-counts"] = more.samples["record"]
        text = tables.report([more], [*NAMES, "record-counts"], [*TRACED, "record-counts"])
        for column in ("record-counts app CPU", "record-counts trace bytes/M", "record-counts recorder"):
            self.assertIn(column, text)

    def test_writing_keeps_the_notes(self):
        page = tables.page([result()], NAMES, TRACED, MACHINE, OPTIONS)
        notes = tables.notes_of("# Benchmarks\n\nold figures\n\n## Notes\n\nby hand\n")
        self.assertTrue((page + notes).endswith("\n\n## Notes\n\nby hand\n"))
        self.assertEqual(tables.notes_of(page + notes), notes)

    def test_the_picture_has_a_bar_for_each_case_mode_and_mean(self):
        drawn = picture.svg([result("a<b"), result("c")], NAMES)
        bars = [e for e in xml.etree.ElementTree.fromstring(drawn).iter() if e.tag.endswith("rect") and float(
            e.get("width")) != 10]
        self.assertEqual(len(bars), 3 * 2)

    def test_the_picture_has_no_bar_for_what_went_wrong(self):
        drawn = picture.svg([result("a", output="other")], NAMES)
        self.assertEqual(drawn.count("no figure"), 2)


class Running(unittest.TestCase):
    def test_output_status_and_memory_of_a_real_run(self):
        with tempfile.TemporaryDirectory() as directory:
            command = ["/bin/sh", "-c", "echo text; echo 'sh: worked 0.25 s' >&2; sleep 1; exit 3"]
            case = cases.Case("sh", "start", command)
            found = measure.measure(case, modes.Mode("native", []), "/none", directory, 60)
        self.assertEqual(os.waitstatus_to_exitcode(found.status), 3)
        self.assertEqual(found.worked, 0.25)
        self.assertTrue(0 < found.program_kb < 100_000, found.program_kb)
        self.assertEqual(found.output, "b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733")

    def test_a_run_that_hangs_is_ended(self):
        with tempfile.TemporaryDirectory() as directory:
            hanging = cases.Case("sleep", "start", ["/bin/sleep", "1000"])
            found = measure.measure(hanging, modes.Mode("native", []), "/none", directory, 0.2)
        self.assertEqual(os.waitstatus_to_exitcode(found.status), -9)

    def test_unknown_modes_are_told_and_missing_programs_leave_theirs_out(self):
        self.assertIn("no such mode: fast", modes.choose("run,fast", "/bin/true", "/tmp")[1][0])
        chosen, problems = modes.choose("run", "/none/tiptoe", "/tmp")
        self.assertEqual([mode.name for mode in chosen], ["native"])
        self.assertIn("mode run is left out", problems[0])

    def test_inputs_are_made_once_and_only_when_prepared(self):
        with tempfile.TemporaryDirectory() as directory:
            store = inputs.Inputs(directory)
            path = pathlib.Path(store.text(0.01))
            self.assertFalse(path.exists())
            store.prepare("/bin/true", str(path))
            first = path.read_text()
            path.write_text("kept")
            store.prepare(str(path))
            self.assertEqual(path.read_text(), "kept")
            self.assertEqual(first, inputs._text(0.01))

    def test_a_script_that_was_edited_is_another_input(self):
        with tempfile.TemporaryDirectory() as directory:
            store, script = inputs.Inputs(directory), pathlib.Path(directory, "work.bc")
            script.write_text("@DIGITS@\n")
            first = store.filled_in(script, digits=7)
            script.write_text("-@DIGITS@\n")
            second = store.filled_in(script, digits=7)
            store.prepare(first, second)
            self.assertEqual([pathlib.Path(p).read_text() for p in (first, second)], ["7\n", "-7\n"])

    def test_openssl_accepts_the_keys(self):
        for pem, command in ((keys.rsa_pem(1024), "rsa"), (keys.p256_pem(), "ec")):
            done = subprocess.run(["openssl", command, "-check", "-noout"], input=pem, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


def run():
    """0 when all is well."""
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromTestCase(c)
                               for c in (Figures, Faults, Pages, Running))
    return 0 if unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful() else 1
