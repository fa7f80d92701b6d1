"""Rules of the machine, one module a field."""
