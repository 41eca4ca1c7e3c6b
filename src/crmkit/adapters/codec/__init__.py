"""The one door to cattrs: models to plain JSON terms and back."""

from crmkit.adapters.codec.converter import Codec
from crmkit.adapters.codec.stored import StoredCodec

__all__ = ["Codec", "StoredCodec"]
