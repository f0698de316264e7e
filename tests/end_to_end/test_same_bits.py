"""The adapter is the same, bit for bit, on any number of ranks and slot workers."""

import signal
import unittest

from scenario import CHECKPOINTED, Scenario


class SameBitsTest(Scenario):
    def test_one_to_four_ranks_with_one_and_two_slot_workers(self):
        adapters = {
            (ranks, workers): self.train(f"r{ranks}w{workers}", "--ranks", ranks, "--slot-workers", workers)
            for ranks in (1, 2, 3, 4)
            for workers in (1, 2)
        }
        for layout, adapter in adapters.items():
            self.assertEqual(adapter, adapters[1, 1], f"ranks, slot workers: {layout}")

    def test_full_fine_tuning_on_one_to_four_ranks(self):
        """One rank keeps all moments, several share them."""
        for moments in ("fp32", "8bit"):
            weights = {}
            for ranks in (1, 2, 3, 4):
                name = f"full-{moments}-{ranks}"
                settings = ("--set", "adapter={type: none}", "--set", f"optimizer.moments={moments}")
                self.temper("run", self.recipe, "--name", name, "--ranks", ranks, *settings)
                weights[ranks] = self.weights(name)
            for ranks, found in weights.items():
                self.assertEqual(found, weights[1], f"{ranks} ranks, moments: {moments}")

    def test_full_fine_tuning_goes_on_with_other_shares_of_the_moments(self):
        settings = ("--set", "adapter={type: none}", "--set", "duration.steps=80")
        self.temper("run", self.recipe, "--name", "whole", *settings)
        process = self.start("run", self.recipe, "--name", "moved", "--ranks", 3, *settings)
        self.wait_for_step("moved", 7, process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=120), CHECKPOINTED, (self.folder / "output").read_text())
        self.assertLess(self.steps_done("moved"), 80)
        self.temper("resume", self.run_named("moved"), "--ranks", 2)
        self.assertEqual(self.weights("moved"), self.weights("whole"))

    def weights(self, name):
        return (self.run_named(name) / "model" / "model.safetensors").read_bytes()

    def test_full_fine_tuning_with_8_bit_moments_survives_a_kill(self):
        table = self.temper("verify", self.recipe, "--set", "adapter={type: none}", "--set", "optimizer.moments=8bit")
        self.assertIn("killed after step", table)
        self.assertIn("all results are the same, bit for bit", table)

    def test_dropout_does_not_depend_on_the_ranks(self):
        one, two, without = (
            self.train(name, "--ranks", ranks, "--set", f"adapter.dropout={dropout}")
            for name, ranks, dropout in (("one", 1, 0.1), ("two", 2, 0.1), ("without", 1, 0))
        )
        self.assertEqual(one, two)
        self.assertNotEqual(one, without)

    def test_terms_of_the_loss_do_not_depend_on_the_ranks(self):
        terms = ("--set", "loss={label_smoothing: 0.1, z_loss: 1.0e-3}")
        self.assertEqual(self.train("one", *terms), self.train("three", "--ranks", 3, *terms))
        self.assertNotEqual(self.adapter(self.run_named("one")), self.train("without"))

    def test_another_seed_gives_another_adapter(self):
        self.assertNotEqual(self.train("seven"), self.train("eight", "--set", "seed=8"))

    def test_verify_proves_it_on_the_users_recipe(self):
        table = self.temper("verify", self.recipe)
        self.assertIn("killed after step", table)
        self.assertIn("all results are the same, bit for bit", table)

    def test_verify_interrupts_a_run_that_is_over_in_a_moment(self):
        for _ in range(3):
            self.temper("verify", self.recipe, "--steps", 2, "--ranks", 1)


if __name__ == "__main__":
    unittest.main()
