"""Channels to the world outside: guarded, signed, within the limits of those who take the messages."""

from crmkit.adapters.channels.http_door import Answer, Dial, HttpDoor, Resolve

__all__ = ["Answer", "Dial", "HttpDoor", "Resolve"]
