"""A sweep of ten million rows beside a bare loop of pyarrow and numpy: seconds and peak memory of each.

    python tests/benchmarks/bench_sweep.py [ROWS]

Both read the same parquet file of ten columns, compute DECODE_SECONDS on eight of them and write all columns and
the result, in batches of the same size; each runs in a process of its own, in turn, three times.  Prints, asserts nothing.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = {
    "id": (0, 1e9), "region": (0, 30), "weight_bytes": (1e9, 1e11), "kv_bytes": (1e6, 1e9), "bandwidth": (1e11, 8e12),
    "batch": (1, 256), "efficiency": (0.3, 1), "flops_per_token": (1e9, 1e12), "peak_flops": (1e14, 2e15),
    "compute_efficiency": (0.3, 0.9),
}  # fmt: skip
WHOLE = ("id", "region", "batch")
ROUNDS = 3


def make(path, rows):
    """Random columns, in row groups of a million."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    generator = np.random.default_rng(7)
    writer = None
    for start in range(0, rows, 1_000_000):
        size = min(1_000_000, rows - start)
        columns = {name: generator.uniform(low, high, size) for name, (low, high) in COLUMNS.items()}
        table = pa.table({n: np.floor(c) if n in WHOLE else c for n, c in columns.items()})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def bare(source, out):
    """What anybody would write who trusts the table."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source)
    schema = file.schema_arrow.append(pa.field("decode_seconds", pa.float64()))
    with pq.ParquetWriter(out, schema) as writer:
        for batch in file.iter_batches(batch_size=1 << 17):
            column = {name: batch.column(name).to_numpy() for name in batch.schema.names}
            speed = column["bandwidth"] * column["efficiency"]
            computing = column["batch"] * column["flops_per_token"] / (column["peak_flops"] * column["compute_efficiency"])
            seconds = column["batch"] * column["kv_bytes"] / speed + np.maximum(column["weight_bytes"] / speed, computing)
            writer.write_batch(pa.record_batch([*batch.columns, pa.array(seconds)], schema=schema))


def ours(source, out):
    from addin.cli.status import run

    run(["sweep", "DECODE_SECONDS", "--table", source, "-o", out])


def measured(name, source, out):
    began = time.perf_counter()
    {"bare": bare, "ours": ours}[name](source, out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(name, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, file=sys.stderr)


def main():
    if len(sys.argv) > 2:
        measured(*sys.argv[1:])
        return
    rows = int(float(sys.argv[1])) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        source = str(Path(folder, "in.parquet"))
        subprocess.run([sys.executable, "-c", f"import bench_sweep; bench_sweep.make({source!r}, {rows})"],
                       cwd=Path(__file__).parent, check=True)  # fmt: skip
        found = {"bare": [], "ours": []}
        for _ in range(ROUNDS):
            for name, results in found.items():
                command = [sys.executable, __file__, name, source, str(Path(folder, f"{name}.parquet"))]
                said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
                results.append([float(word) for word in said.splitlines()[-1].split()[1:]])
    print(f"{rows:,} rows   seconds   CPU s   peak MB")
    for name, results in found.items():
        print(name.ljust(10), *(f"{statistics.median(column):9.2f}" for column in zip(*results, strict=True)))
    wall, cpu = (
        statistics.median(r[i] for r in found["ours"]) / statistics.median(r[i] for r in found["bare"]) for i in (0, 1)
    )
    print(f"ours / bare: {wall:.2f} of the seconds, {cpu:.2f} of the CPU")


if __name__ == "__main__":
    main()
