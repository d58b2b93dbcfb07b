"""What only lesson 10 needs."""
