"""The command line: one module per command. Opens the outside world from settings and hands it to the daemon's code."""
