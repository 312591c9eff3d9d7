"""Times workloads on one framework, on request.

    python peer.py FRAMEWORK             answers requests on standard input, one JSON line each, until it ends
    python peer.py FRAMEWORK --startup   one training step of the mlp, one line, and out
    python peer.py FRAMEWORK --probe     whether it is installed: its version

Requests: {"workload": NAME, "iterations": N} is answered with {"iterations": N, "seconds": S}, where N may have been rounded up;
{"workload": NAME, "check": true} with {"value": V}, by which results are compared. The first line is a greeting with name, version
and workloads. PEER_THREADS is the number of threads, 2 unless told."""

import importlib
import json
import os
import sys
import time

FRAMEWORKS = {
    "torch": "on_torch",
    "torch-compile": "on_torch",
    "tensorflow": "on_tensorflow",
    "keras-tensorflow": "on_keras",
    "jax": "on_jax",
    "keras-jax": "on_keras",
}


def limit_threads():
    threads = os.environ.get("PEER_THREADS", "2")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        os.environ[name] = threads
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    return int(threads)


def private_stdout():
    """The real standard output, from now on ours alone: what frameworks print goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def main():
    framework, options = sys.argv[1], sys.argv[2:]
    if framework not in FRAMEWORKS:
        sys.exit(f"no framework {framework!r}, there are: {', '.join(FRAMEWORKS)}")
    threads = limit_threads()
    out = private_stdout()

    def say(**line):
        print(json.dumps(line), file=out, flush=True)

    side = importlib.import_module(FRAMEWORKS[framework]).Side(framework, threads)
    if "--probe" in options:
        return say(name=framework, version=side.version)
    if "--startup" in options:
        run, _ = side.workload("mlp")
        run(1)
        return say(peak_mb=peak_mb())

    say(name=framework, version=side.version, workloads=side.workloads())
    prepared = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request["workload"]
        try:
            if name not in prepared:
                prepared.clear()  # the arrays of the last one
                prepared[name] = side.workload(name)
            run, check = prepared[name]
            if request.get("check"):
                say(value=float(check()))
                continue
            start = time.perf_counter()
            done = run(request["iterations"])
            say(iterations=done or request["iterations"], seconds=time.perf_counter() - start)
        except Exception as error:  # one workload that fails is no reason to end
            say(error=f"{type(error).__name__}: {error}")


main()
