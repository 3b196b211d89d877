"""What several layers need and none owns: worker processes, deep comparison."""
