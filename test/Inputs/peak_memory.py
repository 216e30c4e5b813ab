"""Runs a command and fails where it, or a process that it starts, needs more memory than a limit: peak_memory.py MEGABYTES COMMAND..."""

import resource
import subprocess
import sys

code = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
print(f"peak memory: {used:.0f} MB")
sys.exit(code or used > float(sys.argv[1]))
