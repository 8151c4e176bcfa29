"""A script that runs Python with its arguments, and prints exit code, wall and CPU seconds and peak MB as JSON."""

# A process starts its life with the peak memory of the one that started it (execve keeps it), so a small one must.
STOPWATCH = """
import json, os, sys, time
began = time.perf_counter()
child = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, used = os.wait4(child, 0)
wall = time.perf_counter() - began
print(json.dumps([os.waitstatus_to_exitcode(status), wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""
