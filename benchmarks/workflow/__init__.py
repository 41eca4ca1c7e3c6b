"""Workflow: what a process engine does all day, beside the tools that people use for it today."""

from workflow import business_hours, simulation, stored, transitions

LINES = [*business_hours.LINES, *transitions.LINES, *stored.LINES, *simulation.LINES]
