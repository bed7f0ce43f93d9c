"""python3 -m unittest discover -s benchmarks/peers"""

import math
import unittest

import catalogue
import report


def run(peer, way, round_number, kind="training", work="M1", **result):
    common = {"work": work, "kind": kind, "peer": peer, "way": way, "round": round_number}
    return {**common, "error": result["error"]} if "error" in result else {**common, "result": result}


def ours(round_number, **result):
    return run("eigencoder", "fit", round_number, **result)


def row_of(rows, peer, way):
    return next(row for row in rows if (row.peer, row.way) == (peer, way))


class Works(unittest.TestCase):
    def test_weights_follow_from_the_layers(self):
        self.assertEqual(catalogue.WORKS["M1"].weights, ((784, 32), (32, 784)))
        self.assertEqual(catalogue.WORKS["M3"].weights, ((3, 3, 1, 32), *[(3, 3, 32, 32)] * 3, (3, 3, 32, 1)))
        self.assertEqual(catalogue.WORKS["M4"].weights, ((784, 512), (512, 4), (2, 512), (512, 784)))
        self.assertEqual(catalogue.WORKS["M6"].weights, ((28, 256), (64, 256), (64, 256), (64, 256), (64, 28)))
        self.assertEqual(catalogue.WORKS["M7"].weights, ((28, 192), (64, 192), (64, 192), (64, 192), (64, 28)))
        parameters = sum(math.prod(shape) + shape[-1] for shape in catalogue.WORKS["M3"].weights)
        self.assertEqual(parameters, 28_353)

    def test_titles_say_what_is_done(self):
        title = "784-512-256-128-64-128-256-512-784, ReLU, last sigmoid, MSE, batch 256"
        self.assertEqual(catalogue.WORKS["M2"].title, title)
        title = "28×28-conv32-pool-conv32-pool-conv32-up-conv32-up-conv1, ReLU, last sigmoid, BCE, batch 128, noise 0.5"
        self.assertEqual(catalogue.WORKS["M3"].title, title)

        title = "28×28-lstm64-repeat28-lstm64-28, rows as steps, MSE, batch 128"
        self.assertEqual(catalogue.WORKS["M6"].title, title)

    def test_a_sequence_is_the_rows_of_an_image(self):
        self.assertEqual(catalogue.WORKS["M7"].input, (28, 28))
        self.assertEqual(catalogue.WORKS["M7"].file("train"), catalogue.WORKS["M1"].file("train"))

    def test_inputs_have_a_file_of_their_own_where_noise_is_added(self):
        self.assertEqual(catalogue.WORKS["M3"].file("train"), catalogue.WORKS["M1"].file("train"))
        self.assertEqual(catalogue.WORKS["M3"].file("test", 0.5), "test-28-noise0.5.f32")

    def test_only_the_last_layer_has_the_output_s_activation(self):
        work = catalogue.WORKS["M3"]
        self.assertEqual([work.activation(i) for i in (0, 6, 8)], ["relu", "relu", "sigmoid"])


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

    def test_the_images_are_those_that_the_work_takes(self):
        self.assertIn("3 epochs on 15,000 images, validated on 2,500", self.report_of([ours(1, work="M3", images_per_second=1)]))

    def test_what_a_way_does_not_do_is_said_where_it_might_be_looked_for(self):
        step = {"images_per_second": 1}
        self.assertIn("- jax scan does not do M3: XLA", self.report_of([run("jax", "step", 1, work="M3", **step)]))
        self.assertNotIn("does not do", self.report_of([run("jax", "step", 1, work="M1", **step)]))
        self.assertNotIn("does not do", self.report_of([ours(1, work="M3", **step)]))

    def test_a_report_without_runs_is_text_too(self):
        self.assertIn("# Comparison", self.report_of([]))


if __name__ == "__main__":
    unittest.main()
