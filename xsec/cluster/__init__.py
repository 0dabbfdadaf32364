"""Several hosts as one: peers and what they share."""
