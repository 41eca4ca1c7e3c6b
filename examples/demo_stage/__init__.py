"""What the steps of ``examples/demo.py`` share: the scene, what people see, and how cells of files are read."""
