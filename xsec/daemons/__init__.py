"""Services carried by real programs: plug-ins and their policy."""
