"""The appliance's command language: text in, lines out."""
