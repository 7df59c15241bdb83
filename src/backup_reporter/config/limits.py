"""How many threads may work at the same time. A Lambda function may have 1,024 threads in all."""

MAX_THREADS = 64
"""Threads of one worker pool, and so connections to one host."""
MAX_POOLS = 15
"""Worker pools that work at the same time: 960 threads at most, which leaves some for deliveries."""
