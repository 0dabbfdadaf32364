"""Tools of the repository: generated pages, system packages."""
