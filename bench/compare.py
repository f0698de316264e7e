"""Temper beside Transformers + PEFT on the same model, chats and samples a step, in turns in one go.

Usage: compare.py [--modes packed,packed-compile,packed-gc,padded] [--steps N] [--repeats N] [--model FOLDER] [--data FILE]
                  [--temper build/release/bin/temper] [--slots N] [--ranks N] [--memory fast|balanced|low]
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
SAMPLES = 8
WARM_UP_STEPS = 2


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", default="packed")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--ranks", type=int, default=1)
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


def measure(command, folder, to_step):
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
    steady = steps[WARM_UP_STEPS:]
    return {
        "tokens/s": sum(tokens for tokens, _, _ in steady) / sum(seconds for _, seconds, _ in steady),
        "peak MB": usage.ru_maxrss / 1024,
        "first step s": first,
        "start-up s": first - steps[0][1],
        "step s": statistics.median(seconds for _, seconds, _ in steady),
        "loss": statistics.mean(loss for _, _, loss in steps),
    }


def run_peer(mode, options, folder):
    command = [PYTHON, HERE / "peer.py", mode, options.model, folder / "data.jsonl", str(options.steps), str(SAMPLES)]
    return measure(command, folder, lambda step: (step["tokens"], step["seconds"], step["loss"]))


def run_temper(options, folder):
    recipe = {
        "version": 1,
        "name": "bench",
        "model": {"base": str(options.model)},
        "adapter": {"rank": 16, "alpha": 32, "targets": "all-linear"},
        "data": {"train": [{"path": "data.jsonl"}], "max_length": 8192},
        "batch": {"samples": SAMPLES, "slots": options.slots},
        "memory": options.memory,
        "optimizer": {"lr": 1e-4, "weight_decay": 0.01},
        "schedule": {"kind": "constant", "warmup": 0},
        "duration": {"steps": options.steps},
        "checkpoint": {"to": "runs", "every": 0},
    }
    (folder / "recipe.yaml").write_text(json.dumps(recipe))

    def to_step(record):
        if record.get("loss") is None or record["step"] == 0:
            return None
        return record["tokens"], record["step_milliseconds"] / 1000, record["loss"]

    command = [options.temper, "run", "recipe.yaml", "--json", "--ranks", str(options.ranks)]
    return measure(command, folder, to_step)


def machine():
    cpu = next(line.split(": ")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rate = subprocess.run([PYTHON, HERE / "gemm_rate.py"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GB; fp32 GEMM {rate} GFLOP/s"


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
    names = [*options.modes.split(","), "temper"]
    results = {name: [] for name in names}
    for repeat in range(options.repeats):
        for name in names:
            with tempfile.TemporaryDirectory(prefix="temper-bench-") as folder:
                folder = pathlib.Path(folder)
                with open(options.data, encoding="utf-8") as lines:
                    chats = [line for _, line in zip(range(options.steps * SAMPLES), lines)]
                (folder / "data.jsonl").write_text("".join(chats), encoding="utf-8")
                row = run_temper(options, folder) if name == "temper" else run_peer(name, options, folder)
            results[name].append(row)
            print(f"repeat {repeat + 1}, {name}: {json.dumps(row)}", file=sys.stderr, flush=True)
    print(f"{machine()}. SmolLM2-135M, LoRA r 16 on all linears, fp32, {SAMPLES} chats a step, {options.steps} steps, ")
    print(f"median (range) of {options.repeats} runs in turns.\n\n{table(results)}")


if __name__ == "__main__":
    main()
