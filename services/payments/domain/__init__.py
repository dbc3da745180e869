"""The rules of payments: pure functions over dated parameters, one module per subject."""
