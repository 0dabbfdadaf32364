"""xsec: the security of a host's TLS, PKI and SSH from one command line."""
