"""What is wrong with a set-up, and how to fix it: every setting tried for real, nothing published."""
