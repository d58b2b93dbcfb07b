"""What only lesson 02 needs."""
