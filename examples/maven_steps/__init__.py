"""The steps of ``examples/maven_pipeline.py``."""
