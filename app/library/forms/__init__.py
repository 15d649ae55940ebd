"""What is filled in around lending."""
