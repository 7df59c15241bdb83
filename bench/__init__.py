"""What ``make bench`` does: measures the function side by side with what else there is, and writes it down."""
