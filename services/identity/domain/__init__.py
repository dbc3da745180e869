"""The rules of identity: pure functions over dated parameters, one module per subject."""
