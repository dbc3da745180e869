"""What the gateway does: keep home pages, and carry sessions between callers and identity."""
