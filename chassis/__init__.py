"""What every service would otherwise repeat. No word of the domain in here."""
