"""What people fill in: residents in `own`, the desk around lending and about things and pieces, the manager about classes."""
