"""python3 -m unittest discover -s benchmarks/peers"""

import unittest

import report


def run(peer, way, round_number, kind="training", work="M1", **result):
    common = {"work": work, "kind": kind, "peer": peer, "way": way, "round": round_number}
    return {**common, "error": result["error"]} if "error" in result else {**common, "result": result}


def ours(round_number, **result):
    return run("eigencoder", "fit", round_number, **result)


def row_of(rows, peer, way):
    return next(row for row in rows if (row.peer, row.way) == (peer, way))


class Medians(unittest.TestCase):
    def test_figures_are_medians_over_the_rounds(self):
        rows = report.summarise([ours(i, images_per_second=speed) for i, speed in enumerate((10, 1000, 20), start=1)])
        self.assertEqual(rows[0].figures["images_per_second"], 20)
        self.assertEqual(rows[0].rounds, 3)

    def test_a_figure_that_no_round_gave_is_none(self):
        self.assertIsNone(report.summarise([ours(1, images_per_second=1)])[0].figures["validation_loss"])

    def test_a_loss_that_is_not_finite_is_none(self):
        self.assertIsNone(report.summarise([ours(1, validation_loss=None)])[0].figures["validation_loss"])


class Ratios(unittest.TestCase):
    def test_the_median_of_ratios_is_not_the_ratio_of_medians(self):
        runs = [ours(1, images_per_second=100), ours(2, images_per_second=300), ours(3, images_per_second=200)]
        runs += [run("jax", "scan", i, images_per_second=speed) for i, speed in enumerate((100, 100, 25), start=1)]
        # In each round 1, 3 and 8; the medians of the speeds, 200 and 100, would make it 2.
        self.assertEqual(row_of(report.summarise(runs), "jax", "scan").ratios["images_per_second"], 3)

    def test_of_latencies_the_smaller_is_better(self):
        runs = [
            run("eigencoder", "reconstruct", 1, kind="inference", latency_median_us=2.0),
            run("onnxruntime", "run", 1, kind="inference", latency_median_us=8.0),
        ]
        self.assertEqual(row_of(report.summarise(runs), "onnxruntime", "run").ratios["latency_median_us"], 4)

    def test_only_rounds_in_which_both_ran_count(self):
        runs = [ours(1, images_per_second=100), ours(2, error="killed"), ours(3, images_per_second=100)]
        runs += [run("jax", "scan", i, images_per_second=speed) for i, speed in enumerate((50, 1, 25), start=1)]
        self.assertEqual(row_of(report.summarise(runs), "jax", "scan").ratios["images_per_second"], 3)

    def test_without_a_baseline_there_is_no_ratio(self):
        self.assertIsNone(report.summarise([run("jax", "scan", 1, images_per_second=5)])[0].ratios["images_per_second"])

    def test_works_and_kinds_are_apart(self):
        runs = [
            ours(1, work="M1", images_per_second=100),
            ours(1, work="M2", images_per_second=10),
            run("jax", "scan", 1, work="M2", images_per_second=5),
            run("jax", "jit", 1, work="M1", kind="inference", images_per_second=5),
        ]
        rows = report.summarise(runs)
        self.assertEqual(row_of(rows, "jax", "scan").ratios["images_per_second"], 2)
        self.assertIsNone(row_of(rows, "jax", "jit").ratios["images_per_second"])


class Failures(unittest.TestCase):
    def test_a_failed_peer_stays_with_its_reason_and_comes_last(self):
        rows = report.summarise([run("keras", "fit", 1, error="timed out"), ours(1, images_per_second=1)])
        self.assertEqual([row.peer for row in rows], ["eigencoder", "keras"])
        self.assertEqual((rows[1].rounds, rows[1].error), (0, "timed out"))

    def test_one_failed_round_does_not_spoil_the_others(self):
        runs = [ours(1, images_per_second=4), ours(2, error="timed out"), ours(3, images_per_second=6)]
        row = report.summarise(runs)[0]
        self.assertEqual((row.figures["images_per_second"], row.rounds, row.error), (5, 2, "timed out"))

    def test_no_runs_no_rows(self):
        self.assertEqual(report.summarise([]), [])


class Text(unittest.TestCase):
    def report_of(self, runs, **more):
        machine = {"processor": "P", "cores": 2, "simd": "AVX2", "memory_gib": 8, "system": "S", "compiler": "C", "load": "0.1"}
        options = {"threads": 2, "rounds": 3, "epochs": None, "train_count": 60000, "test_count": 10000}
        facts = {"date": "D", "command": "compare", "commit": "0", "complete": True, "versions": {"jax": "1"}, "absent": {}}
        return report.markdown({"machine": machine, "options": options, "runs": runs, **facts, **more})

    def test_figures_and_ratios_are_in_the_table(self):
        runs = [ours(1, images_per_second=123456.7, validation_loss=0.25), run("jax", "scan", 1, images_per_second=61728.35)]
        text = self.report_of(runs)
        self.assertIn("| **eigencoder** | fit | 123,457 | 1.00 × | 0.25000 | – | – |  |", text)
        self.assertIn("| jax | scan | 61,728 | 2.00 × | – | – | – |  |", text)

    def test_reasons_and_notes_are_in_the_table(self):
        runs = [ours(1, error="a | b"), run("dlib", "loop", 1, images_per_second=1, note="MSE for BCE")]
        text = self.report_of(runs, absent={"torch": "no wheel"}, complete=False)
        self.assertIn("failed: a \\| b", text)
        self.assertIn("MSE for BCE", text)
        self.assertIn("- torch is absent: no wheel", text)
        self.assertIn("interrupted", text)

    def test_a_report_without_runs_is_text_too(self):
        self.assertIn("# Comparison", self.report_of([]))


if __name__ == "__main__":
    unittest.main()
