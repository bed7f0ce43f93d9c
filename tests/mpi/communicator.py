# SPDX-License-Identifier: MIT
"""ec::Mpi does what a communicator promises, with one, two and four ranks, and a rank that gives up ends them all."""

from mpirun import dies, run

for ranks in (1, 2, 4):
    assert run(ranks) == run(ranks, "own") == f"{ranks} ranks: all holds\n"
    status = dies(ranks, f"rank {ranks - 1}: there is nothing left to read", "abandon").returncode
    assert (status == 7) == (ranks == 1), f"{ranks} ranks: status {status}"
    run(ranks, "part")
status = dies(2, "", "leave").returncode
assert status == 5, f"one of two ranks ends with status 5, all with {status}"
print("ec::Mpi holds what a communicator promises")
