"""Payments: what was reimbursed, to whom, and why that much."""
