"""Certificates: parsing, names, keys, trust, path validation."""
