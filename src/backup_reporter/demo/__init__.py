"""The whole thing on one machine: stand-ins for Palette and Slack, and fleets to show.

Left out of the function's package; nothing of the core imports it.
"""
