"""Runs a command and prints how long it took and the most memory that one of its processes held, as JSON: measure_command.py COMMAND..."""

import json
import resource
import subprocess
import sys
import time

begin = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - begin
print(json.dumps({"seconds": seconds, "peak_bytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}))
sys.exit(done.returncode)
