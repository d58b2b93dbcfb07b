"""What only lesson 08 needs."""
