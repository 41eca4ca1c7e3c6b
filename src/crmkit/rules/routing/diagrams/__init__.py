"""Process definitions as pictures and in the notation of other tools."""
