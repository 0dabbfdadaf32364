"""Administrator accounts, their directory, their login."""
