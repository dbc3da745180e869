"""The rules of procedures: pure functions over dated parameters, one module per subject."""
