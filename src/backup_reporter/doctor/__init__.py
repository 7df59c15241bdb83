"""What is wrong with a set-up, and how to mend it: every setting tried for real, nothing published."""
