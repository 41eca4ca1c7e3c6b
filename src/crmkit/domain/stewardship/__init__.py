"""Who looks after a record: ownership and pools, merges, requests under way, and the audit trail."""
