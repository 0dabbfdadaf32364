"""SSH algorithms and the host's two uses of SSH: access and tunnels."""
