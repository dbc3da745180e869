"""Identity: who is insured, who has an account, and who is logged in."""
