"""Stand-ins for Palette, AWS and Slack, and fleets to show. The function's package does not contain it."""
