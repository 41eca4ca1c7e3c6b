"""Who we are: members, teams, roles and when they work."""
