"""One adapter for each protocol: bytes in, bytes out. No SQL, no business rule."""
