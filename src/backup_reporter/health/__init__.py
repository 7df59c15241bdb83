"""The rule book: pure functions over frozen data. No I/O, no clock, nothing of AWS or Palette."""
