"""Helpers that several layers use: worker processes, deep comparison."""
