"""Reports every morning which Palette workspaces could be restored, and from when."""

__version__ = "0.1.0"
