"""What the reporter is told: the settings, the tenants, the request."""
