"""What notifications does: know whom to write to, write, and see every mail through to its end."""
