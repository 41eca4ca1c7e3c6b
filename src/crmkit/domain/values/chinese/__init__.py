"""Chinese text: one script for both, how names are read, and which places stand in names of companies."""
