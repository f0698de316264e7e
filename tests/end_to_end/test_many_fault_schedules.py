"""A hundred random fault schedules on each transport. Minutes."""

import unittest

from fault_scenario import FaultScenario


class ManyFaultSchedulesTest(FaultScenario):
    def test_a_hundred_over_mpi(self):
        self.run_schedules("mpi", 100)

    def test_a_hundred_over_tcp(self):
        self.run_schedules("tcp", 100)


if __name__ == "__main__":
    unittest.main()
