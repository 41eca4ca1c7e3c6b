"""What crmkit is measured against: each at its defaults, with the settings that its vendor shows for such data."""
