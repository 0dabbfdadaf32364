"""The trust decision for each connection kind."""
