"""The machine's fp32 matrix multiplication rate in GFLOP/s, all cores: the ceiling of any trainer on it.

Usage: gemm_rate.py   (in the reference environment)
"""

import time

import torch

# A step's tokens times the shapes of SmolLM2-135M's largest linear.
TOKENS, IN, OUT = 1024, 576, 1536
SECONDS = 2.0


def main():
    left, right = torch.randn(TOKENS, IN), torch.randn(OUT, IN)
    best = float("inf")
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        begin = time.perf_counter()
        torch.nn.functional.linear(left, right)
        best = min(best, time.perf_counter() - begin)
    print(round(2 * TOKENS * IN * OUT / best / 1e9, 1))


if __name__ == "__main__":
    main()
