"""Versions, cipher suites, service profiles, handshakes."""
