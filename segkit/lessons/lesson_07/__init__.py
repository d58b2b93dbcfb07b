"""What only lesson 07 needs."""
