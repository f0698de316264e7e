"""Temper beside Transformers + PEFT on the same model, chats and samples a step, in turns in one go.

Usage: compare.py [--modes packed,packed-compile,packed-gc,padded] [--steps N] [--repeats N] [--model FOLDER] [--data FILE]
                  [--temper build/release/bin/temper] [--slots N] [--ranks N[,N…]] [--memory fast|balanced|low]
                  [--scenario lora|full|random|long]
Scenarios: LoRA on all linear layers; all weights; all weights of a GPT-2-sized Llama (123 million) from a random start;
LoRA on one chat of nearly 8,192 tokens a step.
Makes what is missing (reference environment, model folder, data) and prints a markdown table. Both sides are
measured from outside in the same way: time from the start of the process to its first finished step, peak resident
memory of its largest process; tokens a second over all steps after the second, in the process's own count. Start-up is
the time to the first finished step without that step's own seconds.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parent
PYTHON = REPOSITORY / ".venv-reference" / "bin" / "python"
SAMPLES = {"lora": 8, "full": 8, "random": 8, "long": 1}
WARM_UP_STEPS = {"lora": 2, "full": 2, "random": 2, "long": 1}
LONG_CHARACTERS = 27_000  # of Debian's descriptions: below 8,192 tokens
# GPT-2's width and depth; the vocabulary is the tokenizer's.
GPT2_SIZE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "num_key_value_heads": 12,
             "intermediate_size": 2048, "head_dim": 64}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", default="packed")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--ranks", default="1", help="Temper's; more than one number: a row for each")
    parser.add_argument("--scenario", default="lora", choices=SAMPLES)
    parser.add_argument("--memory", default="balanced", help="fast, balanced or low, Temper's only")
    parser.add_argument("--model", type=pathlib.Path, default=REPOSITORY / "models" / "smollm2-135m-instruct")
    parser.add_argument("--data", type=pathlib.Path, default=REPOSITORY / "data" / "debian" / "train.jsonl")
    parser.add_argument("--temper", type=pathlib.Path, default=REPOSITORY / "build" / "release" / "bin" / "temper")
    return parser.parse_args()


def prepare(options):
    subprocess.run([REPOSITORY / "scripts" / "reference_environment.sh"], check=True)
    if not options.data.exists():
        subprocess.run([sys.executable, REPOSITORY / "scripts" / "make_debian_chats.py", options.data.parent], check=True)
    if not (options.model / "config.json").exists():
        subprocess.run([REPOSITORY / "scripts" / "fetch_quickstart_model.sh"], check=True)
        gguf = REPOSITORY / "models" / "smollm2-135m-instruct.gguf"
        subprocess.run([PYTHON, HERE / "make_model_folder.py", gguf, options.model], check=True)


def make_random_base(options, folder):
    """A model folder without weights: configuration and tokenizer."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json",
                 "chat_template.jinja"):
        if (options.model / name).exists():
            (folder / name).write_bytes((options.model / name).read_bytes())
    config = json.loads((options.model / "config.json").read_text(encoding="utf-8")) | GPT2_SIZE
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def make_data(options, file):
    """As many chats as the steps take; of the long ones each is made of many."""
    with open(options.data, encoding="utf-8") as lines, open(file, "w", encoding="utf-8") as out:
        for _ in range(options.steps * SAMPLES[options.scenario]):
            if options.scenario != "long":
                out.write(next(lines))
                continue
            messages = []
            while sum(len(message["content"]) for message in messages) < LONG_CHARACTERS:
                messages += json.loads(next(lines))["messages"]
            out.write(json.dumps({"messages": messages}) + "\n")


def measure(command, folder, to_step, warm_up_steps):
    """Runs a trainer that prints JSON lines; `to_step` makes a (tokens, seconds, loss) of those that are a step."""
    begin = time.perf_counter()
    with open(folder / "errors", "w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True)
        first, steps = None, []
        for line in process.stdout:
            step = to_step(json.loads(line)) if line.startswith("{") else None
            if step:
                first = first or time.perf_counter() - begin
                steps.append(step)
        _, status, usage = os.wait4(process.pid, 0)
    if status or not steps:
        sys.exit(f"{command[0]} failed:\n{(folder / 'errors').read_text()}")
    steady = steps[warm_up_steps:]
    return {
        "tokens/s": sum(tokens for tokens, _, _ in steady) / sum(seconds for _, seconds, _ in steady),
        "peak MB": usage.ru_maxrss / 1024,
        "first step s": first,
        "start-up s": first - steps[0][1],
        "step s": statistics.median(seconds for _, seconds, _ in steady),
        "loss": statistics.mean(loss for _, _, loss in steps),
    }


def run_peer(mode, options, folder):
    what = "lora" if options.scenario == "long" else options.scenario
    command = [PYTHON, HERE / "peer.py", mode, options.base, folder / "data.jsonl", str(options.steps),
               str(SAMPLES[options.scenario]), what]
    return measure(command, folder, lambda step: (step["tokens"], step["seconds"], step["loss"]),
                   WARM_UP_STEPS[options.scenario])


def run_temper(options, folder, ranks):
    recipe = {
        "version": 1,
        "name": "bench",
        "model": {"base": str(options.base), "init": "random" if options.scenario == "random" else "pretrained"},
        "adapter": {"rank": 16, "alpha": 32, "targets": "all-linear"} if options.scenario in ("lora", "long") else {"type": "none"},
        "data": {"train": [{"path": "data.jsonl"}], "max_length": 8192, "train_on": "last"},
        "batch": {"samples": SAMPLES[options.scenario], "slots": min(options.slots, SAMPLES[options.scenario])},
        "memory": options.memory,
        "optimizer": {"lr": 1e-4, "weight_decay": 0.01},
        "schedule": {"kind": "constant", "warmup": 0},
        "duration": {"steps": options.steps},
        "checkpoint": {"to": "runs", "every": 0},
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))

    tokens, trained = [], []

    def to_step(record):
        if record.get("loss") is None or record["step"] == 0:
            return None
        tokens.append(record["tokens"])
        trained.append(record["trained_tokens"])
        return record["tokens"], record["step_milliseconds"] / 1000, record["loss"]

    command = [options.temper, "run", "recipe.yaml", "--json", "--ranks", ranks]
    row = measure(command, folder, to_step, WARM_UP_STEPS[options.scenario])
    return row | {"trained share": sum(trained) / sum(tokens)}


def gemm_share(options, rate, tokens_per_second, trained_share):
    """How much of the machine's GEMM rate the products with weights take (forward, gradient of the input, and when all
    weights are trained, their gradient; the head only for trained tokens). Attention is left out."""
    config = json.loads((options.base / "config.json").read_text(encoding="utf-8"))
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    kv = config.get("num_key_value_heads", heads) * config.get("head_dim", hidden // heads)
    layer = 2 * hidden * hidden + 2 * hidden * kv + 3 * hidden * config["intermediate_size"]
    head = config["vocab_size"] * hidden * trained_share
    products = 2 if options.scenario in ("lora", "long") else 3
    flops = 2 * products * (config["num_hidden_layers"] * layer + head)
    return tokens_per_second * flops / (rate * 1e9)


def machine(rate):
    cpu = next(line.split(": ")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB; fp32 GEMM {rate:.0f} GFLOP/s"


def table(results):
    """Medians with the range of the repeats, and the ratios of Temper's medians to each peer's."""
    columns = ["tokens/s", "peak MB", "first step s", "start-up s", "step s", "loss"]
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    median = lambda name, column: statistics.median(row[column] for row in results[name])
    for name, rows in results.items():
        cells = []
        for column in columns:
            values = [row[column] for row in rows]
            digits = 0 if column == "peak MB" else 3 if column == "loss" else 1
            spread = f" ({min(values):.{digits}f}–{max(values):.{digits}f})" if len(values) > 1 else ""
            cells.append(f"{median(name, column):.{digits}f}{spread}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    for name in results:
        if name != "temper":
            ratios = [f"{median('temper', column) / median(name, column):.2f}" for column in columns[:-1]]
            lines.append(f"| **temper ÷ {name}** | " + " | ".join(ratios) + " | |")
    return "\n".join(lines)


def main():
    options = arguments()
    for name in ("model", "data", "temper"):
        setattr(options, name, getattr(options, name).resolve())
    prepare(options)
    scratch = tempfile.TemporaryDirectory(prefix="temper-bench-")
    options.base = options.model
    if options.scenario == "random":
        options.base = pathlib.Path(scratch.name) / "base"
        make_random_base(options, options.base)
    ranks = options.ranks.split(",")
    tempers = {"temper": ranks[0], **{f"temper, {number} ranks": number for number in ranks[1:]}}
    names = [*filter(None, options.modes.split(",")), *tempers]
    results = {name: [] for name in names}
    for repeat in range(options.repeats):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="temper-bench-") as folder:
                folder = pathlib.Path(folder)
                make_data(options, folder / "data.jsonl")
                row = run_temper(options, folder, tempers[name]) if name in tempers else run_peer(name, options, folder)
            results[name].append(row)
            print(f"repeat {repeat + 1}, {name}: {json.dumps(row)}", file=sys.stderr, flush=True)
    rate = float(subprocess.run([PYTHON, HERE / "gemm_rate.py"], check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(f"{machine(rate)}. {options.base.name}, scenario {options.scenario}, fp32, {SAMPLES[options.scenario]} chats a "
          f"step, {options.steps} steps, median (range) of {options.repeats} runs in turns.\n\n{table(results)}")
    median = statistics.median(row["tokens/s"] for row in results["temper"])
    share = gemm_share(options, rate, median, results["temper"][0]["trained share"])
    print(f"\nTemper's products with weights take {share:.0%} of the GEMM rate.")


if __name__ == "__main__":
    main()
