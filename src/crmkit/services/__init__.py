"""The use cases, one module each: load, gather facts, decide, save."""
