"""A process definition as a BPMN 2.0 document."""

from crmkit.rules.routing.diagrams.bpmn.document import bpmn

__all__ = ["bpmn"]
