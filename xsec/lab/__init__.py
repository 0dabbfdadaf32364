"""A small PKI and servers with faults, to rehearse on."""
