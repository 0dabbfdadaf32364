"""The configuration store: schema, document, generations, readings, journal, sealing, log, rules."""
