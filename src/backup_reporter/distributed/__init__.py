"""A run in several invocations: the steps of a state machine, for more than one function can ask about."""
