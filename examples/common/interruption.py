"""What an example does when it is stopped, and that it goes on from there: interruption.py PROGRAM DATA SCRATCH"""

import pathlib
import shutil
import signal
import subprocess
import sys
import time

program, data, scratch = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
shutil.rmtree(scratch, ignore_errors=True)


def command(out, epochs, *others):
    return [program, "--data", data, "--limit", "256", "--quiet", "--threads", "2", "--out", scratch / out, "--epochs", str(epochs), *others]


def require(fine, what):
    if not fine:
        sys.exit(f"expected {what}")
    print(what)


# As many epochs in two processes as in one: the same model, bit for bit.
subprocess.run(command("whole", 3), check=True)
subprocess.run(command("parts", 1), check=True)
subprocess.run(command("parts", 3, "--resume"), check=True)
models = [(scratch / out / "model.safetensors").read_bytes() for out in ("whole", "parts")]
require(models[0] == models[1], "the same model of three epochs and of one and two")

# Ctrl-C ends in order, with all files there; and a training that was stopped goes on.
running = subprocess.Popen(command("stopped", 1_000_000), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
checkpoint = scratch / "stopped" / "checkpoint.safetensors"
while not checkpoint.exists():  # of the first epoch
    if running.poll() is not None:
        sys.exit("expected a training that goes on")
    time.sleep(0.05)
running.send_signal(signal.SIGINT)
require(running.wait() == 130, "exit status 130 after Ctrl-C")
files = {path.name for path in (scratch / "stopped").iterdir()}
wanted = {"checkpoint.safetensors", "model.safetensors", "metrics.json", "loss.csv", "reconstructions.png", "report.html"}
require(wanted <= files, "all files after Ctrl-C")
require("SIGINT" in (scratch / "stopped" / "report.html").read_text(encoding="utf-8"), "a report that says why it ended")
subprocess.run(command("stopped", 1, "--resume"), check=True)  # as many epochs are done already
