"""What only lesson 06 needs."""
