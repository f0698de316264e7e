"""Strong scaling by arithmetic: how long a step takes on more GPUs, and the share that is not compute.

Usage: scaling_model.py      prints the tables of docs/scaling.md
A step has a fixed number of slots, whatever the number of ranks. A rank computes its slots one after the other, sums
them on the device, then the ranks exchange: all-to-all of chunks of the fp32 gradient, sum in tree order, all-gather.
Nothing of the exchange is hidden behind compute. Every input and where it comes from is below.
"""

SLOTS, SLOT_TOKENS = 512, 8192  # 4.2 million tokens a step
GPUS = (8, 16, 32, 64, 128, 256, 512)
GPUS_A_MACHINE = 8
PEER_LATENCY = 5e-6  # seconds for each peer of an all-to-all, and for each step of an all-gather
REACHED = 0.8  # of a published line rate

# Tokens a second of one GPU when all weights of Llama 3.1 8B are trained, without communication: torchtitan,
# benchmarks/llama3_h100_202412_torchtitan.md, 8 H100, eager (its own FSDP traffic included). LoRA needs no gradient of
# the weights: two of three products.
FULL_TOKENS_A_SECOND = 5762
LORA_TOKENS_A_SECOND = FULL_TOKENS_A_SECOND * 3 / 2

# Trained parameters: Llama 3.1 8B, all of it; LoRA r 16 on all linear layers.
TRAINED = {"LoRA r 16": 41_943_040, "all weights": 8_030_261_248}

# Published rates, bytes a second of one GPU in one direction: NVLink 4 (450 GB/s); the machine's network over its GPUs:
# A3 Mega 1,600 Gbit/s, A3 Ultra 3,200, and 100 Gbit/s as an ordinary machine has it.
NVLINK = 450e9
NETWORKS = {"A3 Ultra, 3,200 Gbit/s": 400e9 / 8, "A3 Mega, 1,600 Gbit/s": 200e9 / 8, "100 Gbit/s": 12.5e9 / 8}


def step(gpus, tokens_a_second, gradient_bytes, network):
    """Seconds of compute and of exchange."""
    compute = -(-SLOTS // gpus) * SLOT_TOKENS / tokens_a_second
    each_peer = gradient_bytes / gpus
    inside = min(gpus, GPUS_A_MACHINE) - 1
    outside = gpus - 1 - inside
    one_way = max(inside * each_peer / (REACHED * NVLINK), outside * each_peer / (REACHED * network))
    return compute, 2 * (one_way + (gpus - 1) * PEER_LATENCY)


def main():
    for what, trained in TRAINED.items():
        tokens_a_second = LORA_TOKENS_A_SECOND if what.startswith("LoRA") else FULL_TOKENS_A_SECOND
        print(f"\n{what}: {4 * trained / 1e9:.2f} GB of gradient, {SLOT_TOKENS / tokens_a_second:.2f} s a slot\n")
        print("| GPUs | compute | " + " | ".join(NETWORKS) + " |")
        print("|---" * (len(NETWORKS) + 2) + "|")
        for gpus in GPUS:
            cells = []
            for network in NETWORKS.values():
                compute, exchange = step(gpus, tokens_a_second, 4 * trained, network)
                cells.append(f"{exchange:.3f} s, {compute / (compute + exchange):.0%}")
            print(f"| {gpus} | {compute:.1f} s | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
