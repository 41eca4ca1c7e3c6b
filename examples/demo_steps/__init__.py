"""The steps of ``examples/demo.py``, one module each: every step does its work through crmkit and says why."""
