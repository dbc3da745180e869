"""What the gateway decides by itself: who may call what, and what the home page says."""
