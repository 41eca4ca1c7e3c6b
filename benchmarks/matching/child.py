"""``python -m matching.child DIRECTORY``: does the job that stands there in ``job.json``, and leaves the outcome."""

import importlib
import json
import resource
import sys
from pathlib import Path

from matching.jobs import Job, Stages, write

TOOLS = {
    "crmkit": "matching.ours",
    "splink": "matching.peers.with_splink",
    "recordlinkage": "matching.peers.with_recordlinkage",
    "dedupe": "matching.peers.with_dedupe",
    "goldenmatch": "matching.peers.with_goldenmatch",
}
"""The module of each; another name is taken for a module."""


def main(home: Path) -> None:
    told = json.loads((home / "job.json").read_text(encoding="utf-8"))
    if told["blocking"] is not None:
        told["blocking"] = tuple(tuple(rule) for rule in told["blocking"])
    job, stages = Job(**told), Stages()
    work = importlib.import_module(TOOLS.get(job.tool, job.tool)).work(job, stages)
    write(home, work, stages.seconds, peak_megabytes())


def peak_megabytes() -> float:
    """Of this process; what it was before it became this program does not count, which ``ru_maxrss`` keeps."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024 + children
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return own / (1024**2 if sys.platform == "darwin" else 1024) + children


if __name__ == "__main__":
    main(Path(sys.argv[1]))
