"""What every test has; the directories' own are with them."""

pytest_plugins = ["support.quicker"]
