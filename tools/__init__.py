"""Generators of documents and of the report's JSON Schema; the function does not need them."""
