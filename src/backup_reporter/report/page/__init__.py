"""The report as a web page, and the index of kept reports."""
