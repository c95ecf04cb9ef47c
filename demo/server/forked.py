"""Imported by the process from which the worker processes are forked, before it forks any.

Process managers, systemd for one, send SIGTERM to all processes of a service. It is meant for the
server, which finishes what it has accepted, and ends the others itself.
"""

import signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
