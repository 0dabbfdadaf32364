"""Path building and validation (RFC 5280, 6)."""
