"""Entities, values and conditions: pure, and knowing nothing of any other room."""
