"""CRLs, and what they say of a certificate (RFC 5280, 5 and 6.3)."""
