"""One module a promise: a command that measures its figures and prints them beside their limits."""
