"""Where a report goes: one file a channel, each a pure payload and a send."""
